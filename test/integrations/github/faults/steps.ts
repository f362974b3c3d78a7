import type { IncidentSummary, PlanSummary, PublishedChange } from '../../../../src/activities/contract.ts';
import type { ChangeSetRef } from '../../../../src/domain/change-set.schema.ts';
import type { Diagnosis } from '../../../../src/domain/diagnosis.schema.ts';
import type { Proof, RunFacts } from '../../../../src/domain/proof.schema.ts';
import { SETTINGS, signal, unittestLog } from '../../../support/activity-world.ts';
import type { Notes, Step } from './journey.ts';
import type { At } from './stage.ts';

/** Files of a service that is green; `config.yaml` breaks it. */
export const FILES = (policy: string) => ({
  '.github/suture.yml': policy,
  'config.yaml': 'mode: good\n',
  'app.py': 'x=1\n',
  'tests/test_auth.py': 'def test_login(): pass\n',
  CODEOWNERS: '* @maria @nobody-here\n',
});

const idOf = ({ repo }: At, subject: string): string => `heal/${repo.owner}/${repo.name}/${subject}`;
const keyOf = (at: At, subject: string): string => `${idOf(at, subject)}/run/1`;

/** What a journey notes on its way. */
export const noted = {
  incident: (notes: Notes) => notes['incident'] as IncidentSummary,
  plan: (notes: Notes) => notes['plan'] as PlanSummary,
  diagnosis: (notes: Notes) => notes['diagnosis'] as Diagnosis,
  changeSet: (notes: Notes) => notes['changeSet'] as ChangeSetRef,
  red: (notes: Notes) => notes['red'] as RunFacts,
  green: (notes: Notes) => notes['green'] as RunFacts,
  proof: (notes: Notes) => notes['proof'] as Proof,
  change: (notes: Notes) => notes['change'] as PublishedChange,
  text: (notes: Notes, name: string) => {
    const value = notes[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  },
};

/** Steps of every healing, by its subject. */
export function stepsOf(subject: string) {
  const claim = (name: string, state: 'reasoning' | 'proving' | 'finished'): Step => ({
    name,
    by: 'updateClaim',
    run: (at) =>
      at.activities.updateClaim({
        facts: {
          healingId: idOf(at, subject),
          repo: at.repo,
          subject,
          state: state === 'finished' ? 'finished' : state,
          attempt: 1,
          title: 'unit fails',
          lines: [state],
          ...(state === 'finished' ? { outcome: { kind: 'healed', reason: 'verified', detail: 'well' } as const } : {}),
        } as never,
      }),
  });
  const normalize = (facts: (notes: Notes) => Readonly<Record<string, unknown>> = () => ({})): Step => ({
    name: 'normalise and read evidence',
    by: 'normalize',
    async run(at, notes) {
      const normalized = await at.activities.normalize({
        healingId: idOf(at, subject),
        repo: at.repo,
        subject,
        signals: [signal({ source: 'github', repo: at.repo, subject, sha: noted.text(notes, 'bad'), ...facts(notes) })],
        settings: SETTINGS,
      });
      if (normalized.kind === 'incident') notes['incident'] = normalized.incident;
      return normalized;
    },
  });
  const reason: Step = {
    name: 'reason',
    by: 'reason',
    async run(at, notes) {
      const { dossier } = noted.incident(notes);
      const reasoned = await at.activities.reason({ healingId: idOf(at, subject), dossier, attempt: 1, tried: [], probes: [] });
      if (reasoned.kind === 'plan') Object.assign(notes, { plan: reasoned.plan, diagnosis: reasoned.diagnosis });
      return reasoned;
    },
  };
  const sandbox = (name: 'red' | 'green'): Step => ({
    name: `see it ${name}`,
    by: 'runCommand',
    async run(at, notes) {
      const { dossier, headSha: sha } = noted.incident(notes);
      const change = name === 'red' ? {} : { changeSet: noted.changeSet(notes) };
      const facts = await at.activities.runCommand({ key: `${keyOf(at, subject)}/${name}`, dossier, command: 'unit', sha, ...change });
      notes[name] = facts;
      return { exitCode: facts.exitCode, report: facts.report };
    },
  });
  const build: Step = {
    name: 'build the change',
    by: 'buildChangeSet',
    async run(at, notes) {
      const built = await at.activities.buildChangeSet({
        key: `${keyOf(at, subject)}/build`,
        dossier: noted.incident(notes).dossier,
        plan: noted.plan(notes).artifact,
      });
      if (built.kind === 'built') notes['changeSet'] = built.changeSet;
      return built;
    },
  };
  const judge = async (at: At, notes: Notes): Promise<void> => {
    const [red, green] = [noted.red(notes), noted.green(notes)];
    notes['proof'] = await at.activities.judgeProof({
      healingId: idOf(at, subject),
      dossier: noted.incident(notes).dossier,
      plan: noted.plan(notes).artifact,
      changeSet: noted.changeSet(notes),
      red,
      green,
      greenAgain: green,
      redAgain: red,
      rounds: Array.from({ length: 3 }, () => ({ without: red, withIt: green })),
      widerBefore: [red],
      widerAfter: [green],
    });
  };
  const present: Step = {
    name: 'show the change to people',
    by: 'presentChange',
    run: (at, notes) => at.activities.presentChange({ repo: at.repo, changeSet: noted.changeSet(notes) }),
  };
  const publish = (name = 'publish'): Step => ({
    name,
    by: 'publish',
    async run(at, notes) {
      const answer = await at.activities.publish({
        key: `${keyOf(at, subject)}/publish`,
        healingId: idOf(at, subject),
        dossier: noted.incident(notes).dossier,
        diagnosis: noted.diagnosis(notes),
        plan: noted.plan(notes),
        changeSet: noted.changeSet(notes),
        proof: noted.proof(notes),
        red: noted.red(notes),
        green: noted.green(notes),
      });
      if (answer.kind === 'open') notes['change'] = answer.change;
      return answer;
    },
  });
  const checks = (name: string, ci: boolean): Step => ({
    name,
    by: 'readChecks',
    run: (at, notes) => at.activities.readChecks({ repo: at.repo, sha: noted.change(notes).headSha, branch: 'main' }),
    ...(ci
      ? {
          async then({ repository }: At, notes: Notes) {
            const { headSha: sha, branch } = noted.change(notes);
            await repository.hands.run({ sha, branch, jobs: [{ name: 'unit', conclusion: 'success', log: unittestLog(false) }] });
          },
        }
      : {}),
  });
  const pull: Step = {
    name: 'read the pull request',
    by: 'readPullRequest',
    run: (at, notes) => at.activities.readPullRequest({ repo: at.repo, number: noted.change(notes).number }),
  };
  const merge: Step = {
    name: 'merge',
    by: 'merge',
    async run(at, notes) {
      const { number, headSha } = noted.change(notes);
      const merged = await at.activities.merge({
        key: `${keyOf(at, subject)}/merge`,
        healingId: idOf(at, subject),
        repo: at.repo,
        number,
        expectedHead: headSha,
      });
      if (merged.kind === 'merged') notes['merged'] = merged.sha;
      return merged;
    },
  };
  const deploy = (then?: Step['then']): Step => ({
    name: 'deploy',
    by: 'deploy',
    async run(at, notes) {
      const deployed = await at.activities.deploy({
        key: `${keyOf(at, subject)}/deploy`,
        healingId: idOf(at, subject),
        repo: at.repo,
        dossier: noted.incident(notes).dossier,
        sha: noted.text(notes, 'merged'),
        environment: 'production',
      });
      notes['deployment'] = deployed.id;
      return deployed;
    },
    ...(then === undefined ? {} : { then }),
  });
  const deployment: Step = {
    name: 'read the deployment',
    by: 'readDeployment',
    run: (at, notes) => at.activities.readDeployment({ repo: at.repo, id: noted.text(notes, 'deployment') }),
  };
  const withdraw: Step = {
    name: 'take back what was not finished',
    by: 'withdraw',
    run: (at, notes) =>
      at.activities.withdraw({
        key: `${keyOf(at, subject)}/publish`,
        healingId: idOf(at, subject),
        repo: at.repo,
        change: { number: noted.change(notes).number, branch: noted.change(notes).branch },
        comment: 'not needed any more',
      }),
  };
  return {
    claim,
    normalize,
    reason,
    sandbox,
    build,
    judge,
    present,
    publish,
    checks,
    pull,
    merge,
    deploy,
    deployment,
    withdraw,
    idOf,
    keyOf,
  };
}

/** A push breaks the default branch. */
export async function breakMain({ repository: { hands, head } }: At, notes: Notes): Promise<void> {
  const ci = (sha: string, red: boolean) =>
    hands.run({ sha, jobs: [{ name: 'unit', conclusion: red ? 'failure' : 'success', log: unittestLog(red) }] });
  await ci(head, false);
  notes['bad'] = await hands.push('main', { 'config.yaml': 'mode: broken\n' });
  await ci(noted.text(notes, 'bad'), true);
}
