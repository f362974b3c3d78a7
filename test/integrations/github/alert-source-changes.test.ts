import { describe, expect, it } from 'vitest';
import { BEFORE, COMMON, derive, heard, LOGIN, ownPull, pull, pullEvent, reason, SHA } from './alert-source-support.ts';

const US = { login: LOGIN, type: 'Bot' };

describe('a pull request', () => {
  it('that was closed, merged or pushed to moves its healing', () => {
    expect(heard('pull_request', pullEvent('closed', pull()))).toMatchObject([
      {
        kind: 'change-closed',
        subject: 'pr/12',
        sha: SHA,
        actor: { id: 'maria' },
        at: '2026-11-23T11:57:00.000Z',
        facts: { number: '12', branch: 'feature', fork: 'false' },
      },
    ]);
    expect(heard('pull_request', pullEvent('closed', pull({ merged: true, merge_commit_sha: BEFORE })))).toMatchObject([
      { kind: 'change-merged', sha: BEFORE },
    ]);
    expect(heard('pull_request', pullEvent('synchronize', pull()))).toMatchObject([{ kind: 'head-moved', subject: 'pr/12', sha: SHA }]);
  });

  it('that was only opened, edited or talked about says nothing yet', () => {
    for (const action of ['opened', 'edited', 'reopened', 'ready_for_review', 'assigned', 'enqueued', 'brand_new'])
      expect(reason('pull_request', { ...pullEvent('opened', pull()), action })).toContain('its checks say');
  });

  it('of a fork is also told to what its checks began, which name no more than its commit', () => {
    const moved = heard('pull_request', pullEvent('synchronize', pull({ headRepo: 99 }), { before: BEFORE }));
    expect(moved.map(({ id, subject, facts }) => [id.slice(36), subject, facts['fork']])).toEqual([
      ['', 'pr/12', 'true'],
      ['-1', `sha/${BEFORE}`, 'true'],
    ]);
    expect(heard('pull_request', pullEvent('closed', pull({ headRepo: null }))).map(({ subject }) => subject)).toEqual([
      'pr/12',
      `sha/${SHA}`,
    ]);
  });

  it('of ours is told to the healing that opened it', () => {
    for (const [action, kind] of [
      ['closed', 'change-closed'],
      ['synchronize', 'head-moved'],
    ] as const)
      expect(heard('pull_request', pullEvent(action, ownPull('branch/main')))).toMatchObject([
        { kind, subject: 'branch/main', actor: { id: 'maria', trust: 'outsider' }, facts: { own: 'true', number: '124' } },
      ]);
  });

  it('of ours that we closed or pushed to ourselves is no person’s word', () => {
    expect(heard('pull_request', pullEvent('closed', ownPull(), { sender: US }))).toMatchObject([
      { kind: 'change-closed', actor: { id: LOGIN, trust: 'system' } },
    ]);
    expect(reason('pull_request', pullEvent('synchronize', ownPull(), { sender: US }))).toBe('our own push');
    expect(reason('pull_request', pullEvent('synchronize', pull(), { sender: US }))).toBe('our own push');
  });

  it('that only looks like ours is somebody’s', () => {
    for (const changes of [{ user: { login: 'mallory' } }, { headRepo: 99 }, { branch: 'feature' }, { body: 'x' }])
      expect(heard('pull_request', pullEvent('closed', ownPull('branch/main', changes)))[0]).toMatchObject({ subject: 'pr/124' });
  });
});

describe('a push', () => {
  const push = (changes: object) =>
    derive('push', (payload) => payload.ref.startsWith('refs/heads/'), {
      ...COMMON,
      ref: 'refs/heads/feature',
      before: BEFORE,
      after: SHA,
      created: false,
      deleted: false,
      forced: false,
      ...changes,
    });

  it('to a branch moves the healing of that branch', () => {
    expect(heard('push', push({}))).toMatchObject([
      { kind: 'head-moved', subject: 'branch/feature', sha: SHA, actor: { id: 'maria' }, facts: { before: BEFORE } },
    ]);
  });

  it('to the default branch ends nothing, unless its history is rewritten', () => {
    expect(reason('push', push({ ref: 'refs/heads/main' }))).toContain('its checks say');
    expect(heard('push', push({ ref: 'refs/heads/main', forced: true }))).toMatchObject([
      { kind: 'head-moved', summary: 'main was rewritten' },
    ]);
  });

  it('that deletes a branch says so', () => {
    const [signal] = heard('push', push({ deleted: true, after: '0'.repeat(40) }));
    expect(signal).toMatchObject({ kind: 'head-moved', summary: 'feature was deleted' });
    expect(signal?.sha).toBeUndefined();
  });

  it('of our own, of a tag, of a new branch, or to the branch of a fix is no news', () => {
    for (const changes of [
      { sender: US },
      { ref: 'refs/tags/v1' },
      { created: true },
      { ref: 'refs/heads/suture/pr-12-1a2b3c4d' },
      { ref: null },
    ])
      reason('push', push(changes));
  });
});

describe('a deployment', () => {
  const deployed = (state: string, changes: object = {}) =>
    derive('deployment_status', () => true, {
      ...COMMON,
      deployment_status: { state, updated_at: '2026-11-23T11:00:00Z' },
      deployment: { id: 31, sha: SHA, ref: 'main', environment: 'production', ...changes },
    });

  it('that ended is told to who waits for the commit, and to the branch that was deployed', () => {
    expect(heard('deployment_status', deployed('success'))).toMatchObject([
      {
        kind: 'deployment-finished',
        subject: `sha/${SHA}`,
        sha: SHA,
        facts: { deployment: '31', environment: 'production', state: 'success', branch: 'main' },
      },
      { kind: 'deployment-finished', subject: 'branch/main', sha: SHA },
    ]);
    expect(heard('deployment_status', deployed('error'))[0]?.facts['state']).toBe('failure');
    expect(heard('deployment_status', deployed('failure', { ref: SHA })).map(({ subject }) => subject)).toEqual([`sha/${SHA}`]);
  });

  it('that is under way, or was replaced, is no news', () => {
    for (const state of ['pending', 'queued', 'in_progress', 'inactive', 'new'])
      expect(reason('deployment_status', deployed(state))).toContain('how it ends');
  });
});
