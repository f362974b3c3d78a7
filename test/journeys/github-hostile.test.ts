import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HealingView } from '../../src/domain/healing-view.ts';
import type { Call, StandInRepository } from '../support/github/stand-in.ts';
import { ci, files, type GitHubWorld, isOver, openGitHubWorld } from './github-world.ts';
import { forgedMarkers, HOSTILE, HOSTILE_BLOCKS, HOSTILE_LINE } from './hostile-corpus.ts';
import { actsInMarkdown, actsInPlainText } from './hostile-findings.ts';

let world: GitHubWorld;
beforeAll(async () => {
  world = await openGitHubWorld();
}, 120_000);
afterAll(() => world.close(), 60_000);

const STORY = { timeout: 150_000 };
const ALL = [...Object.values(HOSTILE), ...HOSTILE_BLOCKS];
/** Valid as the name of a branch and of a file, and of nothing else. */
const BRANCH = `work-$(touch\${IFS}pwned);&|<b>@maria#1'"-%0a-\u202egnp`;
const FILE = `docs/@maria <img src=x> Fixes #1 $(touch pwned) \u202egnp [a](b).txt`;
const idOf = (repository: StandInRepository, subject: string): string => `heal/${repository.owner}/${repository.name}/${subject}`;

let repositories = 0;

/** A repository whose check says everything hostile before it fails. */
async function served(policy: string): Promise<StandInRepository> {
  repositories += 1;
  const noisy = '#!/bin/sh\ncat noise.txt\ngrep -q "^mode=good$" config.txt && ! grep -q broken app.txt\n';
  const repository = await world.standIn.repository({
    name: `hostile-${repositories}`,
    files: { ...files(policy), 'check.sh': { executable: noisy }, 'noise.txt': `${ALL.join('\n')}\n` },
    rules: 'none',
    private: false,
  });
  await ci(repository, repository.head, 'main');
  return repository;
}

/** A run of CI in which jobs of hostile names fail beside the one that counts. */
async function hostileRun(repository: StandInRepository, sha: string, branch: string, counts = true): Promise<void> {
  await repository.hands.run({
    sha,
    branch,
    workflow: HOSTILE_LINE.slice(0, 200),
    jobs: [
      ...(counts ? [{ name: 'test', conclusion: 'failure', log: ALL.join('\n') }] : []),
      ...[HOSTILE['mention'], HOSTILE['html'], HOSTILE['bidi']].map((name) => ({
        name: `${name} ${HOSTILE['closing']}`,
        conclusion: 'failure',
        log: ALL.join('\n'),
      })),
    ],
  });
}

/** What Suture wrote here. */
const written = (repository: StandInRepository): readonly Call[] =>
  world.standIn.calls.filter(
    ({ operation, path, body }) => path.startsWith(`/repos/${repository.fullName}/`) && !operation.startsWith('GET ') && body !== null,
  );

/** Everything in what Suture wrote that would act on whoever reads it. */
function effects(repository: StandInRepository): readonly string[] {
  return written(repository).flatMap(({ operation, body }) => {
    const say = (field: string, found: readonly string[]) => found.map((one) => `${operation} ${field}: ${one}`);
    return [
      ...say('title', typeof body.title === 'string' ? actsInPlainText(body.title) : []),
      ...say('message', typeof body.message === 'string' ? actsInPlainText(body.message) : []),
      ...say(
        'labels',
        (body.labels ?? []).flatMap((label: string) => (/^suture(?::[0-9a-f]{8})?$/.test(label) ? [] : [label])),
      ),
      ...say('ref', body.ref === undefined || /^refs\/heads\/suture\/[A-Za-z0-9-]+$/.test(body.ref) ? [] : [body.ref]),
      ...say('head', body.head === undefined || /^suture\/[A-Za-z0-9-]+$/.test(body.head) ? [] : [body.head]),
      ...say('output.title', body.output?.title === undefined ? [] : actsInPlainText(body.output.title)),
      ...say('output.summary', body.output?.summary === undefined ? [] : actsInMarkdown(body.output.summary)),
      ...say('body', typeof body.body === 'string' ? actsInMarkdown(body.body) : []),
      ...say('description', typeof body.description === 'string' ? actsInPlainText(body.description) : []),
    ];
  });
}

/** All text that Suture wrote here. */
const text = (repository: StandInRepository): string =>
  written(repository)
    .map(({ body }) => JSON.stringify(body))
    .join('\n');
const over = (id: string): Promise<HealingView> => world.until(id, 'an outcome', isOver);
const closed = (id: string): Promise<HealingView> => world.until(id, 'its close', ({ state }) => state === 'closed');

describe('the eyes of this file', () => {
  it('see every text of the corpus act when it is shown unescaped', () => {
    const harmless = ['table', 'shell', 'quotes', 'traversal'];
    for (const [name, hostile] of Object.entries(HOSTILE)) {
      const seen = [...actsInPlainText(hostile), ...actsInMarkdown(hostile)];
      expect([name, seen.length > 0]).toEqual([name, !harmless.includes(name)]);
    }
    for (const block of HOSTILE_BLOCKS) expect([...actsInPlainText(block), ...actsInMarkdown(block)]).not.toEqual([]);
  });
});

describe.concurrent('hostile text', () => {
  it('in a red pull request has no effect on its healing nor in what is written about it', STORY, async () => {
    const repository = await served('autonomy: merge\nprotectedPaths:\n  - config.txt\n');
    const { hands } = repository;
    const sha = await hands.push(
      BRANCH,
      { 'config.txt': 'mode=bad\n', [FILE]: 'kept\n' },
      { message: `${HOSTILE_LINE}\n\n${HOSTILE_BLOCKS.join('\n\n')}` },
    );
    const number = await hands.openPull(BRANCH, {
      title: HOSTILE_LINE.slice(0, 250),
      body: `${ALL.join('\n\n')}\n${forgedMarkers(idOf(repository, 'pr/1'))}`,
    });
    const id = idOf(repository, `pr/${number}`);
    const forged = [
      await hands.comment(number, forgedMarkers(id), 'olaf'),
      await hands.comment(number, `${ALL.join('\n\n')}\n${forgedMarkers(id)}`, 'maria'),
    ];
    await hostileRun(repository, sha, BRANCH);
    await world.until(id, 'the wait for approval', ({ approval }) => approval !== undefined);

    // What looks like ours, and like a yes, and is neither.
    await hands.push('suture/pr-1-12345678', { 'trap.txt': 'x\n' });
    const trap = await hands.openPull('suture/pr-1-12345678', { body: forgedMarkers(id) });
    await hands.review(trap, 'APPROVE');
    await hands.closePull(trap);
    for (const body of [
      '```\n/suture approve\n```',
      '\u200b/suture approve',
      '<!--\n-->\n/suture approve',
      '/suture approve\u202e',
      '> /suture stop',
    ]) {
      await hands.comment(number, body, 'maria');
    }
    for (const body of ['/suture approve', '/suture stop', `/suture status ${HOSTILE_LINE}`]) await hands.comment(number, body, 'olaf');
    await hands.comment(number, `/suture explain ${HOSTILE_LINE}`, 'maria');
    await hands.comment(number, '/suture explain', 'maria');
    await world.standIn.settled();
    const waiting = await world.until(id, 'still the wait for approval', ({ approval }) => approval !== undefined);
    expect(waiting.outcome).toBeUndefined();

    await hands.comment(number, '/suture approve', 'maria');
    const proposed = await world.until(id, 'a pull request of Suture', ({ pullRequest }) => pullRequest !== undefined);
    await ci(repository, (await hands.headOf(proposed.pullRequest?.branch ?? '')) ?? '', proposed.pullRequest?.branch ?? '');
    const view = await over(id);
    await closed(id);
    expect(view.outcome).toMatchObject({ kind: 'healed' });
    const healed = (await hands.headOf(BRANCH)) ?? '';
    expect(await hands.read(healed, 'config.txt')).toBe('mode=good\n');
    expect(await hands.read(healed, FILE)).toBe('kept\n');

    expect(effects(repository)).toEqual([]);
    expect(text(repository)).toContain('[U+202E]');
    expect(text(repository)).toContain('@&#8203;maria');
    const comments = await hands.comments(number);
    for (const comment of comments.filter((one) => forged.includes(one.id))) expect(String(comment.body)).toContain('suture-closed');
    expect(
      comments.filter((one) => String(one.user.login) === `${world.standIn.app.slug}[bot]` && String(one.body).includes('suture-claim:')),
    ).toHaveLength(1);
    expect((await hands.pull(trap)).state).toBe('closed');
    expect(proposed.pullRequest?.number).not.toBe(trap);
  });

  it('in the commit that broke main is quoted by its revert as text', STORY, async () => {
    const repository = await served('autonomy: propose\n');
    const { hands } = repository;
    const bad = await hands.push(
      'main',
      { 'app.txt': 'broken\n', [FILE]: 'new\n' },
      { message: `${HOSTILE_LINE}\n\n${HOSTILE_BLOCKS.join('\n\n')}`, by: 'maria' },
    );
    await hands.status(bad, HOSTILE_LINE.slice(0, 200), 'failure');
    await hostileRun(repository, bad, 'main');
    const id = idOf(repository, 'branch/main');
    const view = await world.until(id, 'a pull request of Suture', ({ pullRequest }) => pullRequest !== undefined);
    const pull = await hands.pull(view.pullRequest?.number ?? 0);
    expect(effects(repository)).toEqual([]);
    expect(String(pull.body)).toContain('@&#8203;maria');
    expect(await hands.read(String(pull.head.sha), 'app.txt')).toBe('works\n');
    expect(await hands.read(String(pull.head.sha), FILE)).toBeNull();
    await hands.closePull(Number(pull.number));
    await closed(id);
    expect(effects(repository)).toEqual([]);
  });

  it('in an issue and in checks that nothing reproduces is answered escaped', STORY, async () => {
    const repository = await served('autonomy: observe\n');
    const { hands } = repository;
    const main = await hands.push('main', { 'app.txt': 'works still\n' }, { message: HOSTILE_LINE });
    await hostileRun(repository, main, 'main', false);
    const onMain = await over(idOf(repository, 'branch/main'));
    expect(onMain.outcome).toMatchObject({ kind: 'escalated', reason: 'no-command' });
    await closed(idOf(repository, 'branch/main'));
    const issue = await hands.openIssue(
      HOSTILE_LINE.slice(0, 250),
      `${ALL.join('\n\n')}\n${forgedMarkers(idOf(repository, 'branch/main'))}`,
    );
    await hands.label(issue, HOSTILE['mention'] ?? '');
    await hands.label(issue, 'suture');
    await over(idOf(repository, `issue/${issue}`));
    await closed(idOf(repository, `issue/${issue}`));
    for (const command of ['status', 'explain']) await hands.comment(issue, `/suture ${command}`, 'maria');
    await world.standIn.settled();
    while ((await hands.comments(issue)).filter(({ body }) => String(body).includes('suture-answer:')).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(effects(repository)).toEqual([]);
    expect(text(repository)).toContain('@&#8203;maria');
  });
});

describe('after all of it', () => {
  it('no shell has run what was only text, and no call was made that GitHub does not know', () => {
    expect(existsSync('/tmp/pwned')).toBe(false);
    expect(existsSync('pwned')).toBe(false);
    expect(world.standIn.violations).toEqual([]);
  });
});
