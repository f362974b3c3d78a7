import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { clientOf, forgeOf } from './support.ts';

const COMMENT = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
const REACTION = 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions';

let standIn: GitHubStandIn;
beforeAll(async () => {
  standIn = await startGitHubStandIn();
});
afterAll(() => standIn.close());

describe('a conversation that somebody locked', () => {
  it('ends nothing: what cannot be said there is left unsaid', async () => {
    const { hands, owner, name } = await standIn.repository();
    const repo = { owner, name };
    await hands.push('work', { 'b.txt': 'b' });
    const number = await hands.openPull('work');
    const comment = await hands.comment(number, '/suture status');
    const forge = forgeOf(clientOf(standIn.url, appCredentialsOf(standIn)));
    const hits = [COMMENT, REACTION].map((operation) => standIn.fault({ operation, kind: 'forbidden', times: 10 }));
    const claim = { subject: `pr/${number}`, marker: '<!-- claim -->', title: 't', body: 'on it', finished: false };
    await forge.claims.upsert(repo, claim);
    await forge.people.react(repo, String(comment), 'done');
    await forge.people.answer(repo, number, '<!-- answer -->', 'it waits');
    await forge.changes.close(repo, number, 'not needed any more');
    expect(hits.map((hit) => hit.hits())).toEqual([3, 1]);
    for (const hit of hits) hit.remove();
    expect(await hands.pull(number)).toMatchObject({ state: 'closed' });
  });
});

describe('a run that GitHub does not repeat', () => {
  it('because it is too old is left alone', async () => {
    const { hands, head, owner, name } = await standIn.repository();
    await hands.run({ sha: head, jobs: [{ name: 'test', conclusion: 'failure' }] });
    const forge = forgeOf(clientOf(standIn.url, appCredentialsOf(standIn)));
    standIn.fault({ operation: 'POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs', kind: 'forbidden' });
    expect(await forge.checks.rerun?.({ owner, name }, head, ['test'])).toBe(0);
  });
});

describe('the login that is configured in other letters', () => {
  it('is still ours: one live comment, and one pull request', async () => {
    const { hands, head, owner, name } = await standIn.repository();
    const repo = { owner, name };
    await hands.push('work', { 'b.txt': 'b' });
    const number = await hands.openPull('work');
    const credentials = appCredentialsOf(standIn);
    const forge = forgeOf(clientOf(standIn.url, { ...credentials, login: credentials.login.toUpperCase() }));
    for (const body of ['on it', 'healed'])
      await forge.claims.upsert(repo, { subject: `pr/${number}`, marker: '<!-- claim -->', title: 't', body, finished: false });
    expect((await hands.comments(number)).map((comment) => String(comment.body).split('\n')[0])).toEqual(['healed']);
    const files = [{ op: 'write', path: 'a.txt', mode: '100644', content: 'Mg==' } as const];
    await forge.changes.commit(repo, { branch: 'suture/x', changeSet: { base: head, files: [...files] }, message: 'x', key: 'k' });
    const open = { marker: '<!-- m -->', title: 't', body: 'b', headBranch: 'suture/x', baseBranch: 'main', labels: [], draft: false };
    const opened = [await forge.changes.open(repo, open), await forge.changes.open(repo, open)];
    expect(opened.map((each) => (each.kind === 'open' ? each.pullRequest.number : each.detail))).toEqual([number + 1, number + 1]);
  });
});
