import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RepositorySpec } from '../../support/github/repository.ts';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { clientOf, forgeOf } from './support.ts';

let standIn: GitHubStandIn;
beforeAll(async () => {
  standIn = await startGitHubStandIn();
});
afterAll(() => standIn.close());

/** A repository with an open pull request, and our forge before it. */
async function open(spec: RepositorySpec) {
  const { hands, owner, name } = await standIn.repository(spec);
  const repo = { owner, name };
  const forge = forgeOf(clientOf(standIn.url, appCredentialsOf(standIn)));
  const head = await hands.push('x', { 'b.txt': 'b\n' });
  const number = await hands.openPull('x');
  return { forge, repo, hands, head, number };
}

describe('a branch behind a merge queue', () => {
  it('takes a green pull request through the queue, which is said until it has merged', async () => {
    const { forge, repo, hands, head, number } = await open({ rules: 'ruleset', mergeQueue: true });
    await hands.status(head, 'test', 'success');
    expect(await forge.changes.merge(repo, number, head)).toMatchObject({ kind: 'refused', reason: 'queued' });
    const merged = await hands.pull(number);
    expect(merged).toMatchObject({ merged: true });
    expect(await forge.changes.merge(repo, number, head)).toEqual({ kind: 'merged', sha: merged.merge_commit_sha });
  });

  it('is not even asked while a required check is missing', async () => {
    const { forge, repo, hands, head, number } = await open({ rules: 'ruleset', mergeQueue: true });
    expect(await forge.changes.merge(repo, number, head)).toMatchObject({ kind: 'refused', reason: 'checks-missing' });
    expect(await hands.pull(number)).toMatchObject({ merged: false, auto_merge: null });
  });

  it('takes a pull request once, although the answer of the first try was lost', async () => {
    const { forge, repo, hands, head, number } = await open({ rules: 'ruleset', mergeQueue: true });
    await hands.status(head, 'test', 'success');
    const fault = standIn.fault({ operation: 'POST /graphql', kind: 'after-effect' });
    await expect(forge.changes.merge(repo, number, head)).rejects.toMatchObject({ code: 'forge-unavailable' });
    fault.remove();
    expect(await forge.changes.merge(repo, number, head)).toMatchObject({ kind: 'merged' });
  });
});

describe('a workflow of checks', () => {
  it('is run once for the head of a branch, however often it is asked for', async () => {
    const { forge, repo, hands, head } = await open({});
    await hands.run({ sha: head, branch: 'x', path: '.github/workflows/ci.yml', jobs: [] });
    const { start } = forge.checks;
    if (start === undefined) throw new Error('no workflows');
    for (let time = 0; time < 2; time += 1) await start(repo, { workflow: 'ci.yml', branch: 'x', sha: head });
    expect(hands.runs().filter((run) => run.event === 'workflow_dispatch')).toMatchObject([{ inputs: {} }]);
  });

  it('that is not there is said, and not tried for ever', async () => {
    const { forge, repo, head } = await open({});
    await expect(forge.checks.start?.(repo, { workflow: 'absent.yml', branch: 'x', sha: head })).rejects.toMatchObject({
      message: expect.stringMatching(/absent\.yml|Not Found/),
    });
  });
});

it("every request is valid against GitHub's own published specification, where that is at hand", () => {
  expect(standIn.violations, standIn.violations.join('\n')).toEqual([]);
});
