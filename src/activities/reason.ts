import { Diagnosis } from '../domain/diagnosis.schema.ts';
import { Failure } from '../domain/failure.ts';
import type { Incident } from '../domain/incident.schema.ts';
import { ModelAnswer } from '../domain/model-exchange.schema.ts';
import { Plan } from '../domain/plan.schema.ts';
import { changedPaths } from '../domain/policy/diagnose.ts';
import { searchGreen } from '../domain/policy/search-green.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { FileRead, StrategyContext } from '../strategies/contract.ts';
import type { Climb } from '../strategies/ladder.ts';
import { planFingerprint, questionFingerprint, trialFingerprint } from '../strategies/ladder.ts';
import { baseRed, readDefaultBranch } from './base-red.ts';
import type { Activities, AskedModel, PlanSummary } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { digestOf } from './log-digest.ts';
import { nameableActions } from './nameable-actions.ts';
import { ownReverts } from './own-reverts.ts';
import { readFiles } from './read-files.ts';
import { getJson, putJson } from './stored.ts';

/** Paths that are looked up; a change of more is no case for a file-wise repair. */
const MAX_PATHS = 100;

async function presence({ forge }: Pick<ActivityDeps, 'forge'>, incident: Incident): Promise<StrategyContext['paths']> {
  const paths: Record<string, { readonly atGreen: boolean; readonly atHead: boolean }> = {};
  const { lastGreenSha, repo, headSha } = incident;
  if (lastGreenSha === undefined) {
    return paths;
  }
  for (const path of changedPaths(incident).slice(0, MAX_PATHS)) {
    const [green, head] = await Promise.all([
      forge.repositories.fileMode(repo, lastGreenSha, path),
      forge.repositories.fileMode(repo, headSha, path),
    ]);
    paths[path] = { atGreen: green !== null, atHead: head !== null };
  }
  return paths;
}

/** Name under which the search for a green revision asks; what it learns stays with the attempt. */
const HISTORY = 'history';

/** The same incident, with the revision that the sandbox found green and what changed since. */
async function since({ forge }: Pick<ActivityDeps, 'forge'>, incident: Incident, green: string): Promise<Incident> {
  const { commits, truncated } = await forge.repositories.commits(incident.repo, green, incident.headSha, 100);
  return { ...incident, lastGreenSha: green, commits: [...commits], commitsTruncated: truncated };
}

function checkedDiagnosis(diagnosis: unknown, redact: (text: string) => string): Diagnosis {
  const parsed = Diagnosis.safeParse(diagnosis);
  if (!parsed.success) {
    throw new Failure('plan-invalid', `the reasoner made a diagnosis that does not fit: ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
  }
  return {
    ...parsed.data,
    cause: oneLine(redact(parsed.data.cause), 500),
    evidence: parsed.data.evidence.map((line) => oneLine(redact(line), 300)),
  };
}

function checkedPlan(plan: unknown, redact: (text: string) => string): Plan {
  const parsed = Plan.safeParse(plan);
  if (!parsed.success) {
    throw new Failure(
      'plan-invalid',
      `a strategy made a plan that does not fit: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
    );
  }
  return { ...parsed.data, title: oneLine(redact(parsed.data.title), 200), rationale: oneLine(redact(parsed.data.rationale), 1000) };
}

/** What a reasoner asks for may be files; so many rounds of that in one turn. */
const READ_ROUNDS = 12;
/** Proposals in history. */
const MAX_PROPOSALS = 5;

/** Climbs, and hands out the files that are asked for on the way: reading has no effect, so it needs no step of its own. */
async function propose(
  deps: ActivityDeps,
  context: Omit<StrategyContext, 'files'>,
  asking: string | undefined,
): Promise<Exclude<Climb, { readonly kind: 'read' }>> {
  let files: readonly FileRead[] = [];
  for (let round = 0; ; round += 1) {
    const climbed = await deps.reasoner.propose({ ...context, files }, asking);
    if (climbed.kind !== 'read') return climbed;
    const fresh = climbed.files.filter(({ sha, path }) => !files.some((file) => file.sha === sha && file.path === path));
    if (fresh.length === 0 || round >= READ_ROUNDS)
      throw new Failure('plan-invalid', `the strategy ${climbed.strategy} asks for the same files again and again`);
    files = [...files, ...(await readFiles(deps, context.incident.repo, fresh))];
  }
}

/** Answers of a model, read back by reference. */
function answersOf(deps: ActivityDeps, asked: readonly AskedModel[]): Promise<readonly ModelAnswer[]> {
  return Promise.all(
    asked.map(async (each) => ({
      fingerprint: each.fingerprint,
      reply:
        'answer' in each
          ? await getJson(deps, each.answer, ModelAnswer.shape.reply)
          : { kind: 'unavailable' as const, detail: each.unavailable },
    })),
  );
}

async function planned(deps: ActivityDeps, plan: Plan): Promise<PlanSummary> {
  const { strategy, title, rationale, risk, steps, proposals = [] } = plan;
  return {
    artifact: await putJson(deps, plan),
    strategy,
    title,
    rationale,
    risk,
    fingerprint: planFingerprint(plan),
    ...(steps.length === 0 ? { onlyProposes: true as const } : {}),
    ...(proposals.length === 0 ? {} : { proposals: proposals.slice(0, MAX_PROPOSALS) }),
  };
}

/** A search that found the commit knows more than the evidence it began with. */
function culpritNamed(diagnosis: Diagnosis, { steps, rationale }: Plan, { commits }: Incident): Diagnosis {
  const [step] = steps;
  if (steps.length !== 1 || step?.kind !== 'revert-commit' || diagnosis.culprit === step.sha) return diagnosis;
  const subject = commits.find(({ sha }) => sha === step.sha)?.subject ?? '';
  return {
    ...diagnosis,
    cause: oneLine(`commit ${step.sha.slice(0, 8)} broke it: ${subject}`, 500),
    culprit: step.sha,
    evidence: [...diagnosis.evidence, oneLine(rationale, 300)].slice(-20),
  };
}

/** Finding cause and plan: holds no credential and changes nothing. */
export function reasonActivities(deps: ActivityDeps): Pick<Activities, 'reason'> {
  return {
    async reason({ healingId, dossier, tried, asking, probes, trials = [], asked = [], reproduction: reproduced }) {
      const { incident: known, policy } = await readDossier(deps, dossier);
      const reproduction = reproduced === undefined ? null : { ...reproduced, runs: [...reproduced.runs] };
      const defaultBranch = await readDefaultBranch(deps, known);
      const digest = await digestOf(deps, known, reproduction);
      const diagnose = async (incident: Incident) =>
        checkedDiagnosis(
          await deps.reasoner.diagnose({ incident, policy, digest, reproduction, baseRed: await baseRed(deps, incident, defaultBranch) }),
          deps.redact,
        );
      // Without a forge that remembers green checks (a repository on disk, say), the sandbox looks for the last green revision itself.
      const search = known.lastGreenSha === undefined && known.commits.length > 0 ? searchGreen(known, probes) : null;
      if (search?.kind === 'probe') {
        return { kind: 'probe', diagnosis: await diagnose(known), strategy: HISTORY, sha: search.sha, round: 0 };
      }
      const incident = search?.kind === 'found' ? await since(deps, known, search.sha) : known;
      const diagnosis = await diagnose(incident);
      const climbed = await propose(
        deps,
        {
          incident,
          diagnosis,
          policy,
          digest,
          reproduction,
          probes,
          trials,
          answers: await answersOf(deps, asked),
          tried,
          paths: await presence(deps, incident),
          defaultHead: defaultBranch.head,
          reverts: await ownReverts(deps, incident, healingId),
          model: deps.model !== null,
          actions: nameableActions(deps, incident, policy),
          now: deps.now().toISOString(),
        },
        asking === HISTORY ? undefined : asking,
      );
      const refusals = climbed.refusals.slice(0, 20);
      // What the search for a green revision learned must stay with the attempt, so whatever comes after it asks in its name.
      const strategy = search === null && climbed.kind !== 'none' ? climbed.strategy : HISTORY;
      switch (climbed.kind) {
        case 'none':
          return { kind: 'none', diagnosis, refusals };
        case 'probe':
          return { kind: 'probe', diagnosis, strategy, sha: climbed.probe.sha, round: climbed.probe.round };
        case 'trial': {
          const plan = checkedPlan({ ...climbed.trial, rationale: 'tried before it is planned', risk: 'low' }, deps.redact);
          const fingerprint = trialFingerprint(plan.steps);
          return { kind: 'trial', diagnosis, strategy, plan: await putJson(deps, plan), title: plan.title, fingerprint };
        }
        case 'ask': {
          const { question } = climbed;
          const input = deps.redact(question.input);
          const fingerprint = questionFingerprint(question);
          return {
            kind: 'ask',
            diagnosis,
            strategy,
            question: await putJson(deps, { ...question, input }),
            purpose: question.purpose,
            fingerprint,
          };
        }
        case 'plan': {
          const plan = checkedPlan(climbed.plan, deps.redact);
          return { kind: 'plan', diagnosis: culpritNamed(diagnosis, plan, incident), plan: await planned(deps, plan), refusals };
        }
      }
    },
  };
}
