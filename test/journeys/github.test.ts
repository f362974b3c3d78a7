import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StandInRepository } from '../support/github/stand-in.ts';
import { ci, ciForSuture, files, type GitHubWorld, isOver, openGitHubWorld } from './github-world.ts';

let world: GitHubWorld;
beforeAll(async () => {
  world = await openGitHubWorld();
}, 120_000);
afterAll(() => world.close(), 60_000);

const idOf = (repository: StandInRepository, subject: string): string => `heal/${repository.owner}/${repository.name}/${subject}`;
const pullsOfSuture = (repository: StandInRepository): number =>
  world.standIn.events.filter(
    ({ event, action, repo, payload }) =>
      event === 'pull_request' &&
      action === 'opened' &&
      repo === repository.fullName &&
      String(payload.pull_request.head.ref).startsWith('suture/'),
  ).length;

/** A repository whose main is green. */
async function served(policy: string): Promise<StandInRepository> {
  const repository = await world.standIn.repository({ files: files(policy), rules: 'none', private: false });
  await ci(repository, repository.head, 'main');
  return repository;
}

describe('on GitHub', () => {
  it('a red pull request is healed: one incident of a dozen events, one repair into its branch, merged and verified', {
    timeout: 120_000,
  }, async () => {
    const repository = await served('autonomy: merge\n');
    const { hands } = repository;
    const machine = ciForSuture(world, repository);
    const sha = await hands.push('work', { 'config.txt': 'mode=bad\n', 'README.md': 'kept\n' });
    const number = await hands.openPull('work', { title: 'Tighten @everyone <img src=x> fixes #1' });
    await ci(repository, sha, 'work');
    const view = await world.until(idOf(repository, `pr/${number}`), 'an outcome', isOver);
    await machine.stop();
    expect(view.outcome).toMatchObject({ kind: 'healed' });
    expect(await hands.read('work', 'config.txt')).toBe('mode=good\n');
    expect(await hands.read('work', 'README.md')).toBe('kept\n');
    expect(pullsOfSuture(repository)).toBe(1);
    const comments = await hands.comments(number);
    expect(comments.filter((comment) => String(comment.body).includes('suture-claim:'))).toHaveLength(1);
    expect(await world.healings.list({ running: false, limit: 100 })).toSatisfy(
      (all: ReadonlyArray<{ readonly healingId: string }>) =>
        all.filter((one) => one.healingId.startsWith(idOf(repository, ''))).length === 1,
    );
  });

  it('a red main gets its revert proposed; a person merges it, and the merged commit is watched', { timeout: 120_000 }, async () => {
    const repository = await served('autonomy: propose\n');
    const { hands } = repository;
    const machine = ciForSuture(world, repository);
    const bad = await hands.push('main', { 'app.txt': 'broken\n' }, { message: 'Break it' });
    await ci(repository, bad, 'main');
    const id = idOf(repository, 'branch/main');
    const proposed = await world.until(id, 'a pull request whose checks are green', (view) =>
      view.timeline.some((line) => line.text.includes('Waits for a person to merge')),
    );
    const pull = await hands.pull(proposed.pullRequest?.number ?? 0);
    expect(pull.body).toContain(bad.slice(0, 10));
    await hands.mergePull(Number(pull.number));
    const view = await world.until(id, 'an outcome', isOver);
    await machine.stop();
    expect(view.outcome).toMatchObject({ kind: 'healed' });
    expect(await hands.read('main', 'app.txt')).toBe('works\n');
  });

  it('an issue with the label is diagnosed, and nothing is written but the answer', { timeout: 120_000 }, async () => {
    const repository = await served('autonomy: observe\n');
    const { hands } = repository;
    const lost = world.standIn.loseDeliveries(() => true);
    const bad = await hands.push('main', { 'config.txt': 'mode=bad\n' });
    await ci(repository, bad, 'main');
    await world.standIn.settled();
    lost();
    const issue = await hands.openIssue('Logins fail', 'They do.');
    await hands.label(issue, 'suture');
    const view = await world.until(idOf(repository, `issue/${issue}`), 'an outcome', isOver);
    expect(view.outcome).toMatchObject({ kind: 'escalated', reason: 'diagnosed-only' });
    expect(pullsOfSuture(repository)).toBe(0);
    expect((await hands.comments(issue)).map((comment) => String(comment.body)).join('\n')).toContain('test fails on main');
  });

  it('a command in a comment approves what waits, but only from somebody with write permission', { timeout: 120_000 }, async () => {
    const repository = await served('autonomy: merge\nprotectedPaths:\n  - config.txt\n');
    const { hands } = repository;
    const machine = ciForSuture(world, repository);
    const sha = await hands.push('work', { 'config.txt': 'mode=bad\n' });
    const number = await hands.openPull('work');
    await ci(repository, sha, 'work');
    const id = idOf(repository, `pr/${number}`);
    await world.until(id, 'the wait for approval', (view) => view.approval !== undefined);
    await hands.comment(number, '/suture approve', 'olaf');
    await hands.comment(number, '> /suture approve\nlooks right', 'maria');
    await hands.comment(number, '/suture status', 'maria');
    await world.standIn.settled();
    await world.until(id, 'still the wait for approval', (view) => view.approval !== undefined);
    expect(pullsOfSuture(repository)).toBe(0);
    await hands.comment(number, '/suture approve', 'maria');
    const view = await world.until(id, 'an outcome', isOver);
    await machine.stop();
    expect(view.outcome).toMatchObject({ kind: 'healed' });
    expect(view.timeline.map((line) => line.text)).toContain('maria: approve');
    expect(await hands.read('work', 'config.txt')).toBe('mode=good\n');
    const answers = (await hands.comments(number)).filter((comment) => String(comment.body).includes('suture-answer:'));
    expect(answers).toHaveLength(1);
  });
});

describe('into the branch of its author, where the policy says so', () => {
  it('the repair is committed, and the pull request stays its author’s', { timeout: 120_000 }, async () => {
    const repository = await served('autonomy: push\npullRequest:\n  into: author\n');
    const { hands } = repository;
    const sha = await hands.push('work', { 'config.txt': 'mode=bad\n' });
    const number = await hands.openPull('work');
    await ci(repository, sha, 'work');
    const id = idOf(repository, `pr/${number}`);
    await world.until(id, 'the commit', (view) => view.timeline.some((line) => line.text.includes('Committed to work')));
    const head = (await hands.headOf('work')) ?? '';
    await ci(repository, head, 'work');
    const view = await world.until(id, 'an outcome', isOver);
    expect(view.outcome).toMatchObject({ kind: 'healed', reason: 'pushed' });
    expect(await hands.read('work', 'config.txt')).toBe('mode=good\n');
    expect(pullsOfSuture(repository)).toBe(0);
    expect((await hands.pull(number)).state).toBe('open');
  });
});
