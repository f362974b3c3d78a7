import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { clientOf, forgeOf } from './support.ts';

const DISPATCH = 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches';

let standIn: GitHubStandIn;
beforeAll(async () => {
  standIn = await startGitHubStandIn();
});
afterAll(() => standIn.close());

/** What an activity keeps of its first try. */
function memory() {
  let kept: string | undefined;
  return async (newest: string) => {
    kept ??= newest;
    return kept;
  };
}

/** A repository with a workflow that deploys, and our forge before it. */
async function open() {
  const { hands, head, owner, name } = await standIn.repository();
  await hands.run({ sha: head, path: '.github/workflows/deploy.yml', jobs: [] });
  const repo = { owner, name };
  const forge = forgeOf(clientOf(standIn.url, appCredentialsOf(standIn), { timeoutMs: 500 }));
  const dispatch = (sha: string, remember: (newest: string) => Promise<string>, wasLive = false) => {
    const { dispatch: run } = forge.deployments;
    if (run === undefined) throw new Error('no workflows');
    return run(repo, {
      workflow: 'deploy.yml',
      branch: 'main',
      sha,
      environment: 'production',
      inputs: { commit: '$SHA' },
      wasLive,
      remember,
    });
  };
  const dispatched = () => hands.runs().filter((run) => run.event === 'workflow_dispatch');
  return { forge, repo, hands, head, dispatch, dispatched };
}

describe('a workflow that deploys', () => {
  it('is run once for a deployment, whose end is read by the run', async () => {
    const { forge, repo, hands, head, dispatch, dispatched } = await open();
    const remember = memory();
    const first = await dispatch(head, remember);
    expect(first).toMatchObject({ sha: head, environment: 'production', state: 'queued' });
    expect((await dispatch(head, remember)).id).toBe(first.id);
    const [run, ...others] = dispatched();
    expect(others).toEqual([]);
    if (run === undefined) throw new Error('no run');
    expect(run.inputs).toEqual({ commit: head });
    await hands.carryOut(run, [{ name: 'deploy', conclusion: 'success' }]);
    expect(await forge.deployments.get(repo, first.id)).toMatchObject({ state: 'success', sha: head });
  });

  it.each(['after-effect', 'after-effect-hang', 'truncated-json'] as const)('is found again after %s', async (kind) => {
    const { head, dispatch, dispatched } = await open();
    const remember = memory();
    const fault = standIn.fault({ operation: DISPATCH, kind });
    await expect(dispatch(head, remember)).rejects.toMatchObject({ code: 'forge-unavailable' });
    fault.remove();
    expect((await dispatch(head, remember)).id).toBe(`run:${dispatched()[0]?.id}:production`);
    expect(dispatched()).toHaveLength(1);
  });

  it('is run although somebody ran it for the same commit before', async () => {
    const { head, dispatch, dispatched } = await open();
    const theirs = await dispatch(head, memory());
    const ours = await dispatch(head, memory());
    expect(ours.id).not.toBe(theirs.id);
    expect(dispatched()).toHaveLength(2);
  });

  it('goes back to a commit that it had deployed before by a run of its own, once', async () => {
    const { hands, head, dispatch, dispatched } = await open();
    const live = await dispatch(head, memory());
    const fix = await hands.push('main', { 'a.txt': 'worse\n' });
    await dispatch(fix, memory());
    const remember = memory();
    const fault = standIn.fault({ operation: DISPATCH, kind: 'after-effect' });
    await expect(dispatch(head, remember, true)).rejects.toMatchObject({ code: 'forge-unavailable' });
    fault.remove();
    const back = await dispatch(head, remember, true);
    expect(back.id).not.toBe(live.id);
    expect(dispatched().map((run) => run.inputs)).toEqual([{ commit: head }, { commit: fix }, { commit: head }]);
  });
});

it("every request is valid against GitHub's own published specification, where that is at hand", () => {
  expect(standIn.violations, standIn.violations.join('\n')).toEqual([]);
});
