import { readFileSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  changeSettings,
  closePullRequest,
  mergePullRequest,
  openPullRequest,
  push,
  reopenPullRequest,
  reportCheck,
} from '../../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../../src/integrations/local/forge.ts';
import { repoFolders } from '../../../src/integrations/local/paths.ts';
import { sweepDrafts } from '../../../src/integrations/local/sweep-drafts.ts';
import { makeFolder, SHOP, serveShop } from './support.ts';

describe('pull requests of the local forge', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let stateDir: string;

  beforeEach(async () => {
    folder = await makeFolder();
    stateDir = folder.path;
    await serveShop(stateDir, { 'a.txt': 'one\n' }, { requiredChecks: ['test'], firstPullRequest: 123 });
  });
  afterEach(() => folder.dispose());

  const opened = async (branch = 'feature') => {
    const { sha } = await push(stateDir, SHOP, { branch, files: { [`${branch}.txt`]: 'new\n' }, message: 'new', actor: 'ada' });
    const { number } = await openPullRequest(stateDir, SHOP, { title: 'New', body: '', headBranch: branch, author: 'ada' });
    return { sha, number };
  };

  it('start at the number that the settings name', async () => {
    expect((await opened('one')).number).toBe(123);
    expect((await opened('two')).number).toBe(124);
  });

  it.each(['merge', 'fast-forward'] as const)(
    'are merged once when a run by %s ended between the branch and the record',
    async (mergeMethod) => {
      await changeSettings(stateDir, SHOP, { mergeMethod });
      const forge = createLocalForge(stateDir);
      const { sha, number } = await opened();
      await reportCheck(stateDir, SHOP, { sha, name: 'test', conclusion: 'success' });
      const path = join(repoFolders(stateDir, SHOP).pulls, `${number}.json`);
      const before = readFileSync(path, 'utf8');
      const merged = await forge.changes.merge(SHOP, number, sha);
      await writeFile(path, before);
      expect(await forge.changes.merge(SHOP, number, sha)).toEqual(merged);
      expect(merged).toEqual({ kind: 'merged', sha: await forge.repositories.resolve(SHOP, 'main') });
      expect(await forge.changes.get(SHOP, number)).toMatchObject({ state: 'merged' });
    },
  );

  it('are not merged by fast-forward when the branch has moved on', async () => {
    await changeSettings(stateDir, SHOP, { mergeMethod: 'fast-forward', protected: false });
    const { sha, number } = await opened();
    await push(stateDir, SHOP, { branch: 'main', files: { 'b.txt': 'b' }, message: 'b', actor: 'ada' });
    expect(await createLocalForge(stateDir).changes.merge(SHOP, number, sha)).toMatchObject({ kind: 'refused', reason: 'conflict' });
  });

  it('from another repository are never merged by Suture', async () => {
    const { sha } = await push(stateDir, SHOP, { branch: 'feature', files: { 'b.txt': 'b' }, message: 'b', actor: 'eve' });
    const { number } = await openPullRequest(stateDir, SHOP, {
      title: 'b',
      body: '',
      headBranch: 'feature',
      author: 'eve',
      fromFork: true,
    });
    await reportCheck(stateDir, SHOP, { sha, name: 'test', conclusion: 'success' });
    expect(await createLocalForge(stateDir).changes.merge(SHOP, number, sha)).toMatchObject({ kind: 'refused', reason: 'not-allowed' });
  });

  it('can be merged over red checks by an owner and not by a person without that right', async () => {
    const { number } = await opened();
    expect(await mergePullRequest(stateDir, SHOP, number, { actor: 'ada', bypass: false })).toMatchObject({
      kind: 'refused',
      reason: 'checks-missing',
    });
    expect(await mergePullRequest(stateDir, SHOP, number, { actor: 'ada', bypass: true })).toMatchObject({ kind: 'merged' });
  });

  it('can be reopened by a person', async () => {
    const { number } = await opened();
    await closePullRequest(stateDir, SHOP, number, { actor: 'ada' });
    await reopenPullRequest(stateDir, SHOP, number);
    expect(await createLocalForge(stateDir).changes.get(SHOP, number)).toMatchObject({ state: 'open' });
  });

  it('are reopened by Suture when Suture itself closed them', async () => {
    const { changes, repositories } = createLocalForge(stateDir);
    const base = (await repositories.resolve(SHOP, 'main')) ?? '';
    const input = {
      marker: '<!-- suture:heal/acme/shop/branch/main -->',
      title: 'Fix',
      body: '',
      headBranch: 'suture/x-1',
      baseBranch: 'main',
      labels: [],
      draft: false,
    };
    await changes.commit(SHOP, {
      branch: 'suture/x-1',
      changeSet: { base, files: [{ op: 'delete', path: 'a.txt' }] },
      message: 'Fix',
      key: 'k',
    });
    const first = await changes.open(SHOP, input);
    await changes.close(SHOP, 123, 'withdrawn');
    const again = await changes.open(SHOP, input);
    expect(again).toEqual(first);
    expect(await changes.get(SHOP, 124)).toBeNull();
  });

  it('lose nothing to the removal of old drafts', async () => {
    const { number } = await opened();
    const folders = repoFolders(stateDir, SHOP);
    const draft = join(folders.pulls, '.tmp-1-x');
    await writeFile(draft, '{');
    await utimes(draft, new Date(0), new Date(0));
    expect(await sweepDrafts(folders)).toBe(0);
    expect(await sweepDrafts(folders, Date.now() + 2 * 3_600_000)).toBe(1);
    expect(await createLocalForge(stateDir).changes.get(SHOP, number)).toMatchObject({ state: 'open' });
  });
});
