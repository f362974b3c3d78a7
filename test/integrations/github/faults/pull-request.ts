import { SETTINGS, signal, unittestLog } from '../../../support/activity-world.ts';
import { appCredentialsOf } from '../../../support/github/under-test.ts';
import type { Journey, Notes, Step } from './journey.ts';
import type { At } from './stage.ts';
import { FILES, noted, stepsOf } from './steps.ts';

const POLICY = `version: 1
autonomy: push
checks:
  - name: unit
    run: python3 -m unittest -v
    report: unittest
config:
  - config.yaml
rerun: true
approvers: ["github-team:acme/platform"]
pullRequest:
  into: author
`;

const steps = stepsOf('pr/1');
const elsewhere = (step: Step): Step => ({ ...step, elsewhere: true });

/** A person's branch breaks; its log is in the archive of its run only, beside annotations. */
async function breakBranch({ repository: { hands, head }, standIn }: At, notes: Notes): Promise<void> {
  await standIn.teams.create('platform', { maria: 'active' });
  await hands.run({ sha: head, jobs: [{ name: 'unit', conclusion: 'success', log: unittestLog(false) }] });
  const bad = await hands.push('work', { 'config.yaml': 'mode: broken\n' });
  notes['bad'] = bad;
  await hands.openPull('work');
  const annotations = [{ path: 'config.yaml', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'mode is not good' }];
  const jobs = [{ name: 'unit', conclusion: 'failure', log: unittestLog(true), annotations }];
  (await hands.run({ sha: bad, branch: 'work', event: 'pull_request', jobs })).logForm = 'archive';
}

/** Somebody writes a command. */
async function ask({ repository: { hands } }: At, notes: Notes): Promise<void> {
  notes['explain'] = await hands.comment(1, '/suture explain');
  notes['approve'] = await hands.comment(1, '/suture approve');
}

const command = (name: 'explain' | 'approve'): Step => ({
  name: `obey /suture ${name}`,
  by: 'obeyCommand',
  run: (at, notes) =>
    at.activities.obeyCommand({
      signal: signal({
        id: `comment-${name}`,
        source: 'github',
        kind: 'requested',
        repo: at.repo,
        subject: 'pr/1',
        actor: { id: 'maria', trust: 'collaborator' },
        facts: { command: name, comment: noted.text(notes, name), number: '1' },
      }),
      settings: SETTINGS,
    }),
});

const VIEW = {
  title: 'unit fails',
  state: 'waiting-for-approval',
  timeline: [],
  approval: { changeSetHash: 'a'.repeat(64), approvers: ['github-team:acme/platform'], reasons: ['policy'] },
};

/** A person's pull request that is healed on its own branch, with people who ask and decide in comments. */
export const pullRequest: Journey = {
  name: 'a pull request of a person',
  cells: 600,
  stage: {
    credentials: appCredentialsOf,
    repository: (standIn) => standIn.repository({ files: FILES(POLICY), requiredChecks: ['unit'] }),
    activities: {
      healings: {
        view: async () => VIEW as never,
        decide: async (_id, { actor }) =>
          actor.groups?.includes('github-team:acme/platform') === true
            ? { kind: 'applied', receipt: {} as never }
            : { kind: 'refused', reason: 'not-an-approver' as never, detail: 'not among the approvers' },
      },
    },
  },
  before: breakBranch,
  steps: [
    steps.normalize(),
    steps.claim('claim in a comment', 'reasoning'),
    elsewhere(steps.reason),
    elsewhere(steps.sandbox('red')),
    elsewhere(steps.build),
    elsewhere({ ...steps.sandbox('green'), then: steps.judge }),
    {
      name: 'run failed checks again',
      by: 'rerunChecks',
      run: (at, notes) =>
        at.activities.rerunChecks({
          key: `${steps.keyOf(at, 'pr/1')}/rerun`,
          healingId: steps.idOf(at, 'pr/1'),
          repo: at.repo,
          dossier: noted.incident(notes).dossier,
          sha: noted.text(notes, 'bad'),
        }),
      then: ask,
    },
    command('explain'),
    command('approve'),
    {
      name: 'who may decide',
      by: 'identifyActor',
      run: (at) =>
        at.activities.identifyActor({ repo: at.repo, id: 'maria', groups: ['github-team:acme/platform', 'github-team:acme/gone'] }),
    },
    steps.publish('push to the branch of its author'),
    steps.claim('say in the comment how it ended', 'finished'),
  ],
};
