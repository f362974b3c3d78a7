import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES, Failure } from '../../../src/domain/failure.ts';
import type { Forge } from '../../../src/integrations/contract.ts';
import { FAULT_KINDS, type FaultKind } from '../../support/github/faults.ts';
import { type GitHubStandIn, type StandInRepository, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { clientOf, forgeOf } from './support.ts';

/** A stand-in that hangs is given up on after this long; one that only goes wrong is waited for, however slow the machine is. */
const HANG_MS = 1_000;
const PATIENT_MS = 15_000;
/** Tries of one step, as Temporal repeats an activity; a group of faults may meet one step several times. */
const TRIES = 12;
/** Runs that the faults of one kind are spread over. */
const GROUPS = 4;
/** Scenarios at the same time, each in a stand-in of its own: faults are one stand-in's. */
const LANES = 3;

const MARKER = '<!-- suture:heal/acme/shop/branch/main#1 -->';
const CLAIM = '<!-- suture-claim:heal/acme/shop/pr/1 -->';
const MAIN_CLAIM = '<!-- suture-claim:heal/acme/shop/branch/main -->';
const TENDED = '<!-- suture:heal/acme/shop/branch/main#2 -->';
const ANSWER = '<!-- suture-answer:1 -->';

/** Kinds after which everything must end as if nothing had happened. The others say no for good: then nothing may be doubled or half-done. */
const PASSING: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'unauthorized',
  'primary-limit',
  'secondary-limit',
  'server-error',
  'bad-gateway',
  'unavailable',
  'reset',
  'reset-mid-body',
  'hang',
  'truncated-json',
  'after-effect',
  'after-effect-hang',
]);

/** A refused key of the App itself is no expired token: nothing can be minted with it. */
function passes(operation: string, kind: FaultKind): boolean {
  return PASSING.has(kind) && !(kind === 'unauthorized' && AS_APP.has(operation));
}

const AS_APP: ReadonlySet<string> = new Set([
  'GET /repos/{owner}/{repo}/installation',
  'POST /app/installations/{installation_id}/access_tokens',
]);

interface Lane {
  readonly standIn: GitHubStandIn;
  readonly repository: StandInRepository;
  readonly forge: Forge;
  /** Waiting that a limit asked for passes at once. */
  readonly clock: { ahead: number };
  readonly subject: number;
}

async function lane(standIn: GitHubStandIn, kind?: FaultKind): Promise<Lane> {
  const clock = { ahead: 0 };
  const repository = await standIn.repository({ files: { 'a.txt': 'bad\n', 'run.sh': 'true\n', CODEOWNERS: '* @maria\n' } });
  await repository.hands.push('work', { 'b.txt': 'b\n' });
  const subject = await repository.hands.openPull('work');
  await repository.hands.run({ sha: repository.head, workflow: 'test', jobs: [{ name: 'test', conclusion: 'failure', log: 'red\n' }] });
  const github = clientOf(standIn.url, appCredentialsOf(standIn), {
    timeoutMs: kind?.includes('hang') === true ? HANG_MS : PATIENT_MS,
    now: () => Date.now() + clock.ahead,
  });
  return { standIn, repository, forge: forgeOf(github), clock, subject };
}

/** Repeats a step as long as its failure says that a repeat can help. */
async function step<T>({ clock }: Lane, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure) || !FAILURES[error.code].retry || tried >= TRIES) throw error;
      clock.ahead += error.retryAfterMs ?? 0;
    }
  }
}

/** What a healing asks of the forge, from the first look to the deployment. Returns where it ended. */
async function heal(at: Lane): Promise<string> {
  const { forge, repository, subject } = at;
  const repo = { owner: repository.owner, name: repository.name };
  const claim = (body: string, finished: boolean) =>
    step(at, () => forge.claims.upsert(repo, { subject: `pr/${subject}`, marker: CLAIM, title: 'test fails', body, finished }));
  const { defaultBranch } = await step(at, () => forge.repositories.describe(repo));
  const head = (await step(at, () => forge.repositories.resolve(repo, defaultBranch))) ?? '';
  await claim('on it', false);
  await step(at, () => forge.checks.list(repo, head));
  await step(at, () => forge.checks.log(repo, head, 'test'));
  await step(at, () => forge.repositories.commits(repo, null, head, 10));
  await step(at, async () => buffer(await forge.repositories.exportTree(repo, head)));
  const files = [{ op: 'write', path: 'a.txt', mode: '100644', content: Buffer.from('good\n').toString('base64') } as const];
  const committed = await step(at, () =>
    forge.changes.commit(repo, { branch: 'suture/fix-1', changeSet: { base: head, files: [...files] }, message: 'Fix', key: 'k' }),
  );
  if (committed.kind === 'refused') return `commit ${committed.reason}`;
  const opened = await step(at, () =>
    forge.changes.open(repo, {
      marker: MARKER,
      title: 'Fix',
      body: 'Why',
      headBranch: 'suture/fix-1',
      baseBranch: 'main',
      labels: ['suture'],
      draft: false,
    }),
  );
  if (opened.kind === 'refused') return `open ${opened.reason}`;
  await repository.hands.run({ sha: committed.sha, workflow: 'test', jobs: [{ name: 'test', conclusion: 'success', log: 'green\n' }] });
  const merged = await step(at, () => forge.changes.merge(repo, opened.pullRequest.number, committed.sha));
  if (merged.kind === 'refused') return `merge ${merged.reason}`;
  await step(at, () => forge.changes.deleteBranch(repo, 'suture/fix-1'));
  await repository.hands.run({ sha: merged.sha, workflow: 'test', jobs: [{ name: 'test', conclusion: 'success', log: 'green\n' }] });
  await step(at, () => forge.deployments.create(repo, { sha: merged.sha, environment: 'production', key: 'd' }));
  await claim('healed', true);
  return 'healed';
}

/** The other calls: a claim on a commit, people, checks run again, a deploying workflow, the author's branch, a pull request that is withdrawn, the patrol's walk. */
async function tend(at: Lane): Promise<string> {
  const { forge, repository, subject, standIn } = at;
  const { hands, head } = repository;
  const repo = { owner: repository.owner, name: repository.name };
  const claim = (body: string, finished: boolean) =>
    step(at, () => forge.claims.upsert(repo, { subject: 'branch/main', marker: MAIN_CLAIM, title: 'test fails', body, finished }));
  await hands.run({
    sha: head,
    workflow: 'deploy',
    path: '.github/workflows/deploy.yml',
    jobs: [{ name: 'deploy', conclusion: 'success' }],
  });
  const asked = await hands.comment(subject, '/suture explain');
  await claim('on it', false);
  await step(at, () => forge.people.trust(repo, 'maria'));
  await step(at, () => forge.people.react(repo, String(asked), 'seen'));
  await step(at, () => forge.people.answer(repo, subject, ANSWER, 'it waits'));
  await step(at, () => forge.checks.lastGreen(repo, head, ['test']));
  await step(at, async () => forge.checks.rerun?.(repo, head, ['test']));
  let newest: string | undefined;
  const ran = await step(at, async () =>
    forge.deployments.dispatch?.(repo, {
      workflow: 'deploy.yml',
      branch: 'main',
      sha: head,
      environment: 'production',
      inputs: {},
      remember: async (id) => (newest ??= id),
    }),
  );
  await step(at, () => forge.deployments.get(repo, ran?.id ?? ''));
  const onto = (await hands.headOf('work')) ?? '';
  const files = [{ op: 'write', path: 'b.txt', mode: '100644', content: Buffer.from('good\n').toString('base64') } as const];
  const pushed = await step(at, () =>
    forge.changes.commit(repo, { branch: 'work', changeSet: { base: onto, files: [...files] }, message: 'Fix', key: 'k' }),
  );
  if (pushed.kind === 'refused') return `commit ${pushed.reason}`;
  const proposed = await step(at, () =>
    forge.changes.commit(repo, { branch: 'suture/fix-2', changeSet: { base: onto, files: [...files] }, message: 'Other', key: 'l' }),
  );
  if (proposed.kind === 'refused') return `commit ${proposed.reason}`;
  const opened = await step(at, () =>
    forge.changes.open(repo, {
      marker: TENDED,
      title: 'Fix',
      body: 'Why',
      headBranch: 'suture/fix-2',
      baseBranch: 'main',
      labels: [],
      draft: false,
    }),
  );
  if (opened.kind === 'refused') return `open ${opened.reason}`;
  await step(at, () => forge.changes.close(repo, opened.pullRequest.number, 'not needed'));
  if ((await step(at, () => forge.changes.get(repo, opened.pullRequest.number)))?.state !== 'closed') return 'it is not closed';
  await step(at, () => forge.changes.ownBranches(repo));
  await step(at, () => forge.changes.deleteBranch(repo, 'suture/fix-2'));
  await step(at, async () => forge.deliveries?.redeliverFailed());
  const served = await step(at, () => forge.repositories.served());
  if (!served.some(({ name }) => name === repo.name)) return `${standIn.org} is not served`;
  await claim('healed', true);
  return 'tended';
}

/** What must hold of the other calls. */
async function tendedTwice(at: Lane): Promise<readonly string[]> {
  const { repository, subject, standIn } = at;
  standIn.clearFaults();
  const { hands, head } = repository;
  const problems: string[] = [];
  const runs = hands.runs();
  const dispatched = runs.filter((run) => run.event === 'workflow_dispatch').length;
  if (dispatched > 1) problems.push(`${dispatched} dispatches`);
  if (runs.some((run) => run.attempt > 2)) problems.push('run again twice');
  const answers = (await hands.comments(subject)).filter((comment) => String(comment.body).includes(ANSWER)).length;
  if (answers > 1) problems.push(`${answers} answers`);
  const pulls = standIn.events.filter(
    (event) => event.event === 'pull_request' && event.action === 'opened' && event.repo === repository.fullName,
  ).length;
  if (pulls > 2) problems.push(`${pulls - 1} pull requests of ours`);
  const claims = new Set(
    standIn.events
      .filter((event) => event.event === 'check_run' && event.repo === repository.fullName && event.payload.check_run?.name === 'Suture')
      .map((event) => event.payload.check_run.id),
  ).size;
  if (claims > 1) problems.push(`${claims} check runs of ours on ${head}`);
  return problems;
}

/** What must hold however it ended: nothing twice, nothing half-done. Empty when it does. */
async function doubled(at: Lane): Promise<readonly string[]> {
  const { forge, repository, subject, standIn } = at;
  standIn.clearFaults();
  const repo = { owner: repository.owner, name: repository.name };
  const bodies = (await repository.hands.comments(subject)).map((comment) => String(comment.body));
  const problems: string[] = [];
  const claims = bodies.filter((body) => body.includes(CLAIM)).length;
  if (claims > 1) problems.push(`${claims} claims`);
  const pulls = standIn.events.filter(
    (event) => event.event === 'pull_request' && event.action === 'opened' && event.repo === repository.fullName,
  ).length;
  if (pulls > 2) problems.push(`${pulls - 1} pull requests of ours`);
  const deployments = await step(at, () => forge.deployments.list(repo, 'production'));
  if (deployments.length > 1) problems.push(`${deployments.length} deployments`);
  const branches = await step(at, () => forge.changes.ownBranches(repo));
  if (branches.length > 1) problems.push(`${branches.length} branches`);
  const main = (await step(at, () => forge.repositories.resolve(repo, 'main'))) ?? '';
  const commits = await step(at, () => forge.repositories.commits(repo, repository.head, main, 10));
  if (commits.commits.filter((commit) => commit.subject === 'Fix').length > 1) problems.push('the fix landed twice');
  return problems;
}

let standIns: readonly GitHubStandIn[];
beforeAll(async () => {
  standIns = await Promise.all(Array.from({ length: LANES }, () => startGitHubStandIn()));
});
afterAll(() => Promise.all(standIns.map((standIn) => standIn.close())));

/** Every kind at every call of a story, spread over runs of it; what did not hold. */
async function matrix(
  name: string,
  story: (at: Lane) => Promise<string>,
  ends: string,
  problemsOf: (at: Lane) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const [first] = standIns;
  if (first === undefined) throw new Error('no stand-in');
  const plain = await lane(first);
  const before = first.calls.length;
  expect(await story(plain)).toBe(ends);
  const operations = [...new Set(first.calls.slice(before).map((call) => call.operation))];
  expect(await problemsOf(plain)).toEqual([]);
  for (const operation of operations) met.add(operation);

  // What passes is met at many calls of one run, what says no for good ends its run.
  const runs = FAULT_KINDS.flatMap((kind) => {
    const passing = operations.filter((operation) => passes(operation, kind));
    const groups = Array.from({ length: GROUPS }, (_, at) => passing.filter((_operation, index) => index % GROUPS === at));
    const alone = operations.filter((operation) => !passing.includes(operation)).map((operation) => [operation]);
    return [...groups.filter((group) => group.length > 0), ...alone].map((group) => ({ kind, group }));
  });
  const total = operations.length * FAULT_KINDS.length;
  const failures: string[] = [];
  let passed = 0;
  await Promise.all(
    standIns.map(async (standIn) => {
      for (let next = runs.shift(); next !== undefined; next = runs.shift()) {
        const { group, kind } = next;
        const at = await lane(standIn, kind);
        const limit = kind === 'secondary-limit' ? { seconds: 30, status: 429 as const } : {};
        const faults = group.map((operation) => standIn.fault({ operation, kind, ...limit }));
        let ending: string;
        try {
          ending = await story(at);
        } catch (error) {
          ending = error instanceof Failure ? `failed: ${error.code}` : `threw: ${String(error)}`;
        }
        const problems = [...(await problemsOf(at))];
        if (faults.some((fault) => fault.hits() !== 1)) problems.push('a fault was not met');
        if (group.every((operation) => passes(operation, kind)) && ending !== ends) problems.push(`ended as ${ending}`);
        if (ending.startsWith('threw')) problems.push(ending);
        if (problems.length === 0) passed += group.length;
        else failures.push(`${kind} at ${group.join(' and ')}: ${problems.join(', ')}`);
      }
    }),
  );
  process.stdout.write(`fault matrix of GitHub, ${name}: ${passed}/${total} passed\n`);
  if (passed !== total && failures.length === 0) failures.push(`${passed} of ${total}`);
  return failures;
}

const met = new Set<string>();

describe('whatever goes wrong at GitHub', () => {
  it('there is one branch, one pull request, one comment, one deployment, and the right outcome', { timeout: 900_000 }, async () => {
    expect(await matrix('a healing', heal, 'healed', doubled)).toEqual([]);
    expect(met.size).toBeGreaterThan(20);
  });

  it('there is one check run, one answer, one run that deploys, and what is withdrawn is closed', { timeout: 900_000 }, async () => {
    expect(await matrix('what goes beside it', tend, 'tended', tendedTwice)).toEqual([]);
    expect(met.size).toBeGreaterThan(45);
  });
});
