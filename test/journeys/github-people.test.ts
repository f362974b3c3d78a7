import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HealingView } from '../../src/domain/healing-view.ts';
import type { Delivery } from '../support/github/hooks.ts';
import type { StandInRepository } from '../support/github/stand-in.ts';
import { ci, ciForSuture, files, type GitHubWorld, isOver, openGitHubWorld } from './github-world.ts';

let world: GitHubWorld;
beforeAll(async () => {
  world = await openGitHubWorld();
}, 120_000);
afterAll(() => world.close(), 60_000);

const STORY = { timeout: 150_000 };
const idOf = (repository: StandInRepository, subject: string): string => `heal/${repository.owner}/${repository.name}/${subject}`;

/** Pull requests that Suture opened here. */
const pullsOfSuture = (repository: StandInRepository): readonly number[] =>
  world.standIn.events
    .filter(
      ({ event, action, repo, payload }) =>
        event === 'pull_request' &&
        action === 'opened' &&
        repo === repository.fullName &&
        String(payload.pull_request.head.ref).startsWith('suture/'),
    )
    .map(({ payload }) => Number(payload.number));

let repositories = 0;

/** A repository whose main is green. */
async function served(policy: string): Promise<StandInRepository> {
  repositories += 1;
  const name = `people-${repositories}`;
  const repository = await world.standIn.repository({ name, files: files(policy), rules: 'none', private: false });
  await ci(repository, repository.head, 'main');
  return repository;
}

interface Red {
  readonly repository: StandInRepository;
  readonly number: number;
  readonly sha: string;
  readonly id: string;
}

/** A red pull request of a person. */
async function redPull(policy: string): Promise<Red> {
  const repository = await served(policy);
  const sha = await repository.hands.push('work', { 'config.txt': 'mode=bad\n' });
  const number = await repository.hands.openPull('work');
  await ci(repository, sha, 'work');
  return { repository, number, sha, id: idOf(repository, `pr/${number}`) };
}

interface Proposed extends Red {
  readonly fix: { readonly number: number; readonly branch: string; readonly headSha: string };
}

/** A red pull request whose repair Suture has proposed; its checks have not ended. */
async function proposed(policy = 'autonomy: propose\n'): Promise<Proposed> {
  const red = await redPull(policy);
  const view = await world.until(red.id, 'a pull request of Suture', ({ pullRequest }) => pullRequest !== undefined);
  const { number = 0, branch = '' } = view.pullRequest ?? {};
  return { ...red, fix: { number, branch, headSha: (await red.repository.hands.headOf(branch)) ?? '' } };
}

const over = (id: string): Promise<HealingView> => world.until(id, 'an outcome', isOver);

/** The one live comment of Suture on a conversation. */
async function claimOn(repository: StandInRepository, number: number): Promise<string> {
  const claims = (await repository.hands.comments(number)).filter(({ body }) => String(body).includes('suture-claim:'));
  expect(claims).toHaveLength(1);
  return String(claims[0]?.body);
}

/** The same delivery once more, byte for byte. */
async function again({ headers, payload }: Delivery): Promise<void> {
  const answer = await fetch(`${world.ingressUrl}/webhooks/github`, { method: 'POST', headers, body: JSON.stringify(payload) });
  expect(answer.status).toBe(202);
}

/** Waits until the healing has closed, so that whatever comes next is a new one. */
const closed = (id: string): Promise<HealingView> => world.until(id, 'its close', ({ state }) => state === 'closed');

describe.concurrent('a person who acts on Suture’s pull request', () => {
  it('closes it: it stays closed, its branch goes, and a second failure of the same kind opens no other', STORY, async () => {
    const { repository, number, id, fix } = await proposed();
    const { hands } = repository;
    await hands.closePull(fix.number);
    const view = await over(id);
    expect(view.outcome).toMatchObject({ kind: 'rejected', reason: 'person-said-no', detail: expect.stringContaining('maria') });
    await closed(id);
    expect((await hands.pull(fix.number)).state).toBe('closed');
    expect(await hands.headOf(fix.branch)).toBeNull();
    expect(await claimOn(repository, number)).toContain('maria closed');

    const again = await hands.push('work', { 'config.txt': 'mode=worse\n' });
    await ci(repository, again, 'work');
    const second = await world.until(id, 'the second failure', (one) => isOver(one) && one.headSha === again);
    expect(second.outcome).toMatchObject({ reason: 'person-said-no-before' });
    expect(pullsOfSuture(repository)).toEqual([fix.number]);
  });

  it('pushes to its branch: Suture writes there no more and says so', STORY, async () => {
    const { repository, number, id, fix } = await proposed();
    const { hands } = repository;
    const theirs = await hands.push(fix.branch, { 'note.txt': 'mine\n' });
    const view = await over(id);
    await closed(id);
    expect(view.outcome).toMatchObject({ kind: 'superseded', reason: 'head-moved', detail: expect.stringContaining('maria') });
    expect(await hands.headOf(fix.branch)).toBe(theirs);
    expect((await hands.pull(fix.number)).state).toBe('open');
    expect(await claimOn(repository, number)).toContain('maria took over');
  });

  it('rewrites its branch: what they wrote stays', STORY, async () => {
    const { repository, number, id, fix } = await proposed();
    const { hands } = repository;
    const theirs = await hands.forcePush(fix.branch, repository.head, { 'config.txt': 'mode=good\n', 'mine.txt': 'yes\n' });
    const view = await over(id);
    await closed(id);
    expect(view.outcome).toMatchObject({ kind: 'superseded', reason: 'head-moved' });
    expect(await hands.headOf(fix.branch)).toBe(theirs);
    expect((await hands.pull(fix.number)).state).toBe('open');
    expect(await claimOn(repository, number)).toContain('maria took over');
  });

  it('deletes its branch: that is a no, and it is not made again', STORY, async () => {
    const { repository, number, id, fix } = await proposed();
    const { hands } = repository;
    await hands.deleteBranch(fix.branch);
    const view = await over(id);
    await closed(id);
    expect(view.outcome).toMatchObject({ kind: 'rejected', reason: 'person-said-no' });
    expect(await hands.headOf(fix.branch)).toBeNull();
    expect(pullsOfSuture(repository)).toEqual([fix.number]);
    expect(await claimOn(repository, number)).toContain('maria');
  });
});

describe.concurrent('a person who is faster', () => {
  const WAITS = 'autonomy: merge\nprotectedPaths:\n  - config.txt\n';
  const waits = (id: string): Promise<HealingView> => world.until(id, 'the wait for approval', ({ approval }) => approval !== undefined);

  it('pushes the fix to the red pull request: Suture steps back and says so', STORY, async () => {
    const { repository, number, id } = await redPull(WAITS);
    await waits(id);
    const fixed = await repository.hands.push('work', { 'config.txt': 'mode=good\n' });
    await ci(repository, fixed, 'work');
    const view = await over(id);
    await closed(id);
    expect(view.outcome).toMatchObject({ kind: 'superseded', reason: 'head-moved' });
    expect(await claimOn(repository, number)).toMatch(/head moved/);
    expect(pullsOfSuture(repository)).toEqual([]);
    expect(await repository.hands.headOf('work')).toBe(fixed);
  });

  it.each([
    ['before anything is written', WAITS],
    ['after the repair was proposed', 'autonomy: propose\n'],
  ])('pushes the fix to the red main %s: Suture takes back what it left', STORY, async (_when, policy) => {
    const repository = await served(policy);
    const { hands } = repository;
    const bad = await hands.push('main', { 'config.txt': 'mode=bad\n' });
    await ci(repository, bad, 'main');
    const id = idOf(repository, 'branch/main');
    await world.until(
      id,
      'a person to be asked',
      ({ approval, timeline }) => approval !== undefined || timeline.some(({ text }) => text.includes('Waits for a person to merge')),
    );
    const fixed = await hands.push('main', { 'config.txt': 'mode=good\n', 'more.txt': 'x\n' });
    await ci(repository, fixed, 'main');
    const view = await closed(id);
    expect(view.outcome).toMatchObject({
      kind: 'recovered-alone',
      reason: 'green-by-itself',
      detail: expect.stringContaining('somebody was faster'),
    });
    for (const number of pullsOfSuture(repository)) expect((await hands.pull(number)).state).toBe('closed');
    expect(await hands.headOf('main')).toBe(fixed);
  });

  it('runs the check again until it is green: it recovered by itself', STORY, async () => {
    const { repository, number, sha, id } = await redPull(WAITS);
    await waits(id);
    await repository.hands.run({ sha, branch: 'work', jobs: [{ name: 'test', conclusion: 'success', log: 'ok\n' }] });
    const view = await over(id);
    expect(view.outcome).toMatchObject({ kind: 'recovered-alone', reason: 'green-by-itself' });
    await closed(id);
    expect(await claimOn(repository, number)).toContain('turned green by itself');
    expect(pullsOfSuture(repository)).toEqual([]);
  });

  it('closes the red pull request: the repair is taken back with it', STORY, async () => {
    const { repository, number, id, fix } = await proposed();
    await repository.hands.closePull(number);
    const view = await over(id);
    await closed(id);
    expect(view.outcome).toMatchObject({ kind: 'superseded', reason: 'change-closed', detail: expect.stringContaining('maria') });
    expect((await repository.hands.pull(fix.number)).state).toBe('closed');
    expect(await repository.hands.headOf(fix.branch)).toBeNull();
    expect(await claimOn(repository, number)).toContain('closed by maria');
  });

  it('reverts the fix after its merge: Suture does not put it back', STORY, async () => {
    const repository = await served('autonomy: merge\n');
    const { hands } = repository;
    const machine = ciForSuture(world, repository);
    const bad = await hands.push('main', { 'app.txt': 'broken\n' }, { message: 'Break it' });
    await ci(repository, bad, 'main');
    const id = idOf(repository, 'branch/main');
    expect((await over(id)).outcome).toMatchObject({ kind: 'healed' });
    await closed(id);
    const merged = (await hands.headOf('main')) ?? '';
    const reverted = await hands.revert(merged);
    expect(await hands.read('main', 'app.txt')).toBe('broken\n');
    await ci(repository, reverted, 'main');
    const second = await world.until(id, 'the failure after the revert', (one) => isOver(one) && one.headSha === reverted);
    await machine.stop();
    expect(second.outcome).toMatchObject({
      kind: 'escalated',
      reason: 'no-strategy',
      detail: expect.stringContaining('is a revert itself'),
    });
    expect(await hands.headOf('main')).toBe(reverted);
    expect(pullsOfSuture(repository)).toHaveLength(1);
  });
});

describe.concurrent('what Suture may not touch or cannot see', () => {
  it('a pull request of a fork is analysed, also when a maintainer asks, and nothing is written but the answer', STORY, async () => {
    const repository = await served('autonomy: merge\n');
    const { hands } = repository;
    const main = repository.head;
    const number = await hands.openFork('theirs', { 'config.txt': 'mode=bad\n' });
    const sha = String((await hands.pull(number)).head.sha);
    await hands.status(sha, 'test', 'failure');
    const analysed = await over(idOf(repository, `sha/${sha}`));
    expect(analysed.outcome).toMatchObject({ kind: 'escalated', reason: 'outsider' });
    await closed(idOf(repository, `sha/${sha}`));

    await hands.comment(number, '/suture heal', 'olaf');
    await world.standIn.settled();
    expect(await world.healings.view(idOf(repository, `pr/${number}`))).toBeNull();
    await hands.comment(number, '/suture heal', 'maria');
    const asked = await closed(idOf(repository, `pr/${number}`));
    expect(asked.outcome).toMatchObject({ kind: 'escalated', reason: 'outsider' });
    expect(await claimOn(repository, number)).toContain('analysed only');

    const written = world.standIn.calls
      .filter(({ operation, path }) => path.startsWith(`/repos/${repository.fullName}/`) && !operation.startsWith('GET '))
      .map(({ operation }) => operation);
    expect(new Set(written)).toEqual(
      new Set([
        'POST /repos/{owner}/{repo}/check-runs',
        'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
        'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
        'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
        'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
      ]),
    );
    expect(await hands.headOf('main')).toBe(main);
  });

  it('an expired log is said so', STORY, async () => {
    const repository = await served('autonomy: propose\n');
    const { hands } = repository;
    const arrive = world.standIn.loseDeliveries(({ payload }) => payload.repository?.full_name === repository.fullName);
    const sha = await hands.push('work', { 'config.txt': 'mode=bad\n' });
    const number = await hands.openPull('work');
    await ci(repository, sha, 'work');
    for (const run of hands.runs()) hands.expireLogs(run);
    await world.standIn.settled();
    arrive();
    await hands.comment(number, '/suture heal');
    const view = await world.until(
      idOf(repository, `pr/${number}`),
      'a pull request of Suture',
      ({ pullRequest }) => pullRequest !== undefined,
    );
    expect(await claimOn(repository, number)).toContain('No log of test can be read');
    expect((await hands.pull(view.pullRequest?.number ?? 0)).body).toContain('no log of it can be read');
  });
});

describe('deliveries that go astray', () => {
  it('are asked for again by the patrol, healed, and harmless when they come once more', STORY, async () => {
    const repository = await served('autonomy: propose\n');
    const { hands } = repository;
    await world.standIn.settled();
    const arrive = world.standIn.loseDeliveries(({ payload }) => payload.repository?.full_name === repository.fullName);
    const sha = await hands.push('work', { 'config.txt': 'mode=bad\n' });
    const number = await hands.openPull('work');
    await ci(repository, sha, 'work');
    await world.standIn.settled();
    arrive();
    const id = idOf(repository, `pr/${number}`);
    expect(await world.healings.view(id)).toBeNull();

    await world.patrol();
    const view = await world.until(id, 'a pull request of Suture', ({ pullRequest }) => pullRequest !== undefined);
    expect(world.standIn.deliveries.filter(({ redelivery }) => redelivery).length).toBeGreaterThan(0);

    const { signals } = view;
    const accepted = world.standIn.deliveries.filter(
      ({ payload, statusCode, event }) =>
        payload.repository?.full_name === repository.fullName && statusCode === 202 && event === 'workflow_run',
    );
    await Promise.all(accepted.map((delivery) => again(delivery)));
    await world.patrol();
    const after = await world.healings.view(id);
    expect(after?.pullRequest).toEqual(view.pullRequest);
    expect(after?.signals).toBeGreaterThanOrEqual(signals);
    expect(pullsOfSuture(repository)).toEqual([view.pullRequest?.number]);
    const runs = (await world.healings.list({ running: true, limit: 1_000 })).filter(({ healingId }) =>
      healingId.startsWith(idOf(repository, '')),
    );
    expect(runs).toHaveLength(1);
  });
});
