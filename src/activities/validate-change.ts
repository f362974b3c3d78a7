import { randomUUID } from 'node:crypto';
import type { Executor, WorkOptions } from '../agents/contract.ts';
import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import type { Incident, ProvingCommand } from '../domain/incident.schema.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import type { Proof, ProofRound, RunFacts } from '../domain/proof.schema.ts';
import type { Actor } from '../domain/signal.schema.ts';
import { signatureOf } from '../domain/signature.ts';
import type { Validation, ValidationRequest } from '../domain/validation.schema.ts';
import type { Activities } from './contract.ts';
import { decideActivities } from './decide.ts';
import type { ProvingDeps } from './deps.ts';
import { writeDossier } from './dossier.ts';
import { commandsOf } from './failing-command.ts';
import { keyHash } from './keys.ts';
import { offeredChange } from './offered-change.ts';
import { type PolicyRead, readPolicy } from './read-policy.ts';
import { sandboxActivities } from './sandbox.ts';

/** Runs at the base before the question of red or flaky is left open. */
const REPRODUCTIONS = 6;

type Policy = Extract<PolicyRead, { readonly kind: 'policy' }>;
type Steps = Pick<Activities, 'runCommand' | 'judgeReproduction' | 'judgeProbe' | 'judgeProof'>;

/** One validation on its way. */
interface Trying {
  readonly steps: Steps;
  readonly dossier: ArtifactRef;
  readonly incident: Incident;
  readonly changeSet: ChangeSetRef;
  readonly key: string;
  readonly runs: Validation['runs'];
  readonly options: WorkOptions;
}

function incidentOf(
  { repo, check }: ValidationRequest,
  { policy, defaultBranch }: Policy,
  sha: string,
  failing: ProvingCommand,
  by: Actor,
): Incident {
  return {
    repo,
    subject: `manual/validate-${keyHash(`${sha}\n${check}`, 12)}`,
    signature: signatureOf({ repo, command: failing.run, failingTests: [] }),
    title: `${by.id} asks whether a change mends ${check}`.slice(0, 200),
    targetBranch: defaultBranch,
    headSha: sha,
    commits: [],
    commitsTruncated: false,
    failing,
    failingTests: [],
    wider: [...commandsOf(policy)],
    trust: by.trust,
    evidence: [],
  };
}

/** One command in a sandbox of its own, with or without the change. */
async function run(trying: Trying, what: string, command: string, withChange: boolean): Promise<RunFacts> {
  const { steps, dossier, incident, changeSet, key, runs, options } = trying;
  if (options.signal?.aborted === true) throw new Failure('cancelled', 'the validation was stopped');
  options.onProgress?.(what);
  const facts = await steps.runCommand({
    key: `${key}/${what}`,
    dossier,
    command,
    sha: incident.headSha,
    ...(withChange ? { changeSet } : {}),
  });
  const { exitCode, timedOut, durationMs, excerpt, report } = facts;
  runs.push({ what, exitCode, timedOut, durationMs, excerpt, failedTests: report?.failedTests ?? [] });
  return facts;
}

const unproven = (verdict: Proof['verdict'], reason: string): Proof => ({
  verdict,
  redAtBase: false,
  greenWithChange: false,
  greenAgain: false,
  redAgain: false,
  newlyRed: [],
  findings: [],
  reasons: [reason.slice(0, 300)],
});

/** Red at the base, or what else it is. */
async function red(trying: Trying): Promise<RunFacts | Proof> {
  const seen: RunFacts[] = [];
  while (seen.length < REPRODUCTIONS) {
    seen.push(await run(trying, `without the change, run ${seen.length + 1}`, trying.incident.failing.name, false));
    const { verdict, detail } = await trying.steps.judgeReproduction({ dossier: trying.dossier, runs: seen });
    if (verdict === 'reproduced') return seen.at(-1) as RunFacts;
    if (verdict === 'run-again') continue;
    return unproven(verdict === 'environment-failed' ? 'unclear' : verdict, detail);
  }
  return unproven('unclear', `still unclear after ${REPRODUCTIONS} runs`);
}

/** The same conditions as for a repair of our own: red, green, green again, red without it again, as often as is wanted, nothing else newly red, a silent gate. */
async function prove(trying: Trying): Promise<Proof> {
  const { steps, dossier, incident, changeSet } = trying;
  const failing = incident.failing.name;
  const before = await red(trying);
  if ('verdict' in before) return before;
  const judge = (
    green: RunFacts,
    again: { greenAgain?: RunFacts; redAgain?: RunFacts; rounds?: readonly ProofRound[] },
    widerBefore: readonly RunFacts[],
    widerAfter: readonly RunFacts[],
  ) =>
    steps.judgeProof({
      healingId: '',
      dossier,
      changeSet,
      red: before,
      green,
      ...again,
      widerBefore,
      widerAfter,
    });
  const green = await run(trying, 'with the change', failing, true);
  if ((await steps.judgeProbe({ dossier, runs: [green] })) !== 'green') return judge(green, {}, [], []);
  const widerBefore: RunFacts[] = [];
  const widerAfter: RunFacts[] = [];
  for (const { name } of incident.wider) {
    const same = name === failing;
    widerBefore.push(same ? before : await run(trying, `${name} without the change`, name, false));
    widerAfter.push(same ? green : await run(trying, `${name} with the change`, name, true));
  }
  const greenAgain = await run(trying, 'with the change, again', failing, true);
  const redAgain = await run(trying, 'without the change, after it was green with it', failing, false);
  const rounds: ProofRound[] = [];
  for (;;) {
    const proof = await judge(green, { greenAgain, redAgain, rounds }, widerBefore, widerAfter);
    if (proof.verdict !== 'unconfirmed') return proof;
    const round = `round ${rounds.length + 1}`;
    const without = await run(trying, `without the change, ${round}`, failing, false);
    rounds.push({ without, withIt: await run(trying, `with the change, ${round}`, failing, true) });
  }
}

/** Proves somebody's change with the steps that prove our own. The policy comes from the default branch, never from what is offered. */
export function createValidate(deps: ProvingDeps): Executor['validate'] {
  const steps: Steps = { ...sandboxActivities(deps), ...decideActivities(deps) };
  return async (request, by, options = {}) => {
    const { repo, base, check } = request;
    const read = await readPolicy(deps, repo, deps.settings);
    if (read.kind === 'invalid') throw new Failure(read.reason, read.detail);
    const sha = base === undefined ? read.defaultHead : await deps.forge.repositories.resolve(repo, base);
    if (sha === null) throw new Failure('revision-gone', `there is no branch or commit ${base} in ${repo.owner}/${repo.name}`);
    const commands = commandsOf(read.policy);
    const failing = commands.find(({ name }) => name === check);
    if (failing === undefined)
      throw new Failure(
        'plan-invalid',
        `the policy of ${repo.owner}/${repo.name} has no check ${JSON.stringify(check)}; it has: ${commands.map(({ name }) => name).join(', ') || 'none'}`,
      );
    const changeSet = await offeredChange(deps, repo, sha, request.change);
    const incident = incidentOf(request, read, sha, failing, by);
    const dossier = await writeDossier(deps, { incident, policy: read.policy });
    const who = request.key === undefined ? randomUUID() : `${by.id}\n${request.key}`;
    const key = `validate/${keyHash([who, sha, check, changeSet.hash, dossier.sha256].join('\n'), 32)}`;
    const trying: Trying = { steps, dossier, incident, changeSet, key, runs: [], options };
    const proof = await prove(trying);
    return {
      base: sha,
      check,
      change_set: { hash: changeSet.hash, paths: changeSet.paths, files: changeSet.fileCount },
      proof,
      runs: trying.runs,
    };
  };
}
