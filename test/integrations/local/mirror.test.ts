import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorExisting, publishBranchTo } from '../../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../../src/integrations/local/forge.ts';
import { observe } from '../../../src/integrations/local/observe.ts';
import { openRepository } from '../../../src/integrations/local/repo-store.ts';
import { makeFolder, writeFiles } from './support.ts';

const HOOKS = [
  'pre-receive',
  'update',
  'post-receive',
  'post-update',
  'reference-transaction',
  'proc-receive',
  'pre-push',
  'post-checkout',
  'pre-auto-gc',
  'push-to-checkout',
  'post-merge',
];

describe('a repository on disk', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let user: string;
  let stateDir: string;
  let canary: string;

  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'core.hooksPath=/dev/null', '-c', 'user.name=Ada', '-c', 'user.email=ada@localhost', ...args], {
      cwd: user,
      encoding: 'utf8',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();

  beforeEach(async () => {
    folder = await makeFolder();
    user = join(folder.path, 'my repo');
    stateDir = join(folder.path, 'state');
    canary = join(folder.path, 'canary');
    await writeFiles(user, { 'a.txt': 'one\n' });
    git('init', '-q', '-b', 'trunk');
    git('add', '.');
    git('commit', '-q', '-m', 'first');
  });
  afterEach(() => folder.dispose());

  const commitIn = async (repo: { owner: string; name: string }, base: string, branch = 'suture/fix-1') => {
    const content = Buffer.from('fixed\n').toString('base64');
    const result = await createLocalForge(stateDir).changes.commit(repo, {
      branch,
      changeSet: { base, files: [{ op: 'write', path: 'a.txt', mode: '100644', content }] },
      message: 'Fix',
      key: 'k',
    });
    return result.kind === 'committed' ? result.sha : 'refused';
  };

  it('is mirrored with the branch that is checked out as the default branch', async () => {
    const { repo, branch, headSha } = await mirrorExisting(stateDir, user);
    expect({ branch, headSha }).toEqual({ branch: 'trunk', headSha: git('rev-parse', 'HEAD') });
    expect(await createLocalForge(stateDir).repositories.describe(repo)).toMatchObject({ defaultBranch: 'trunk' });
  });

  it('is checked where we propose something, and nowhere else', async () => {
    const { repo, headSha } = await mirrorExisting(stateDir, user);
    const open = await openRepository(stateDir, repo);
    const first = await observe(open);
    expect(first.newHeads).toEqual([]);
    await first.commit();
    git('commit', '-q', '--allow-empty', '-m', 'second');
    await mirrorExisting(stateDir, user);
    const ours = await commitIn(repo, headSha);
    const { changes } = createLocalForge(stateDir);
    await changes.open(repo, {
      marker: 'm',
      title: 'Fix',
      body: '',
      headBranch: 'suture/fix-1',
      baseBranch: 'trunk',
      labels: [],
      draft: false,
    });
    expect((await observe(open)).newHeads).toEqual([ours]);
  });

  it('is mirrored again after new commits and deleted branches, and keeps our own branches', async () => {
    git('branch', 'old');
    const first = await mirrorExisting(stateDir, user);
    const ours = await commitIn(first.repo, first.headSha);
    git('branch', '-D', 'old');
    git('commit', '-q', '--allow-empty', '-m', 'second');
    const second = await mirrorExisting(stateDir, user);
    const { repositories } = createLocalForge(stateDir);
    expect(second.repo).toEqual(first.repo);
    expect(await repositories.resolve(second.repo, 'trunk')).toBe(git('rev-parse', 'HEAD'));
    expect(await repositories.resolve(second.repo, 'old')).toBeNull();
    expect(await repositories.resolve(second.repo, 'suture/fix-1')).toBe(ours);
  });

  it('is mirrored when its head is on no branch', async () => {
    git('checkout', '-q', '--detach');
    git('commit', '-q', '--allow-empty', '-m', 'on no branch');
    const { repo, branch, headSha } = await mirrorExisting(stateDir, user);
    expect(await createLocalForge(stateDir).repositories.resolve(repo, branch)).toBe(headSha);
    expect(headSha).toBe(git('rev-parse', 'HEAD'));
  });

  it('gets a branch and nothing else', async () => {
    writeFileSync(join(user, 'a.txt'), 'not committed\n');
    const before = {
      config: readFileSync(join(user, '.git/config'), 'utf8'),
      files: readdirSync(user).sort(),
      head: git('rev-parse', 'HEAD'),
    };
    const { repo, headSha } = await mirrorExisting(stateDir, user);
    const sha = await commitIn(repo, headSha);
    await publishBranchTo(stateDir, repo, user, 'suture/fix-1');
    await publishBranchTo(stateDir, repo, user, 'suture/fix-1');
    expect(git('rev-parse', 'suture/fix-1')).toBe(sha);
    expect({
      config: readFileSync(join(user, '.git/config'), 'utf8'),
      files: readdirSync(user).sort(),
      head: git('rev-parse', 'HEAD'),
    }).toEqual(before);
    expect(readFileSync(join(user, 'a.txt'), 'utf8')).toBe('not committed\n');
    expect(git('status', '--porcelain')).toBe('M a.txt');
  });

  it('keeps its own branch of that name', async () => {
    const { repo, headSha } = await mirrorExisting(stateDir, user);
    await commitIn(repo, headSha);
    git('checkout', '-q', '-b', 'suture/fix-1');
    git('commit', '-q', '--allow-empty', '-m', 'theirs');
    const theirs = git('rev-parse', 'HEAD');
    await expect(publishBranchTo(stateDir, repo, user, 'suture/fix-1')).rejects.toMatchObject({ code: 'conflict' });
    expect(git('rev-parse', 'suture/fix-1')).toBe(theirs);
  });

  it('never gets a branch that is not ours', async () => {
    const { repo } = await mirrorExisting(stateDir, user);
    await expect(publishBranchTo(stateDir, repo, user, 'trunk')).rejects.toMatchObject({ code: 'plan-invalid' });
  });

  it('runs none of its planted hooks and helpers while it is mirrored and published to', async () => {
    const run = join(folder.path, 'evil.sh');
    writeFileSync(run, `#!/bin/sh\necho "$0 $@" >> '${canary}'\ncat > /dev/null\n`);
    chmodSync(run, 0o755);
    const hooks = join(user, '.git', 'planted');
    await writeFiles(hooks, Object.fromEntries(HOOKS.map((name) => [name, `#!/bin/sh\necho ${name} >> '${canary}'\n`])));
    for (const name of HOOKS) {
      chmodSync(join(hooks, name), 0o755);
    }
    await writeFiles(join(folder.path, 'alternate'), { 'objects/info/x': '' });
    await writeFiles(join(user, '.git'), { 'objects/info/alternates': `${join(folder.path, 'alternate', 'objects')}\n` });
    for (const [key, value] of [
      ['core.hooksPath', hooks],
      ['core.fsmonitor', run],
      ['core.sshCommand', run],
      ['core.alternateRefsCommand', run],
      ['uploadpack.packObjectsHook', run],
      ['receive.denyCurrentBranch', 'updateInstead'],
      ['receive.procReceiveRefs', 'refs/heads/suture'],
      ['diff.external', run],
      ['gpg.program', run],
      ['commit.gpgSign', 'true'],
      ['gc.auto', '1'],
      ['alias.upload-pack', `!${run}`],
      ['alias.receive-pack', `!${run}`],
      [`url.ext::${run}.insteadOf`, '/'],
    ] as const) {
      git('config', key, value);
    }
    const { repo, headSha } = await mirrorExisting(stateDir, user);
    await commitIn(repo, headSha);
    // A repository that wants its branch handled by a hook may refuse it; what matters is that nothing ran.
    await publishBranchTo(stateDir, repo, user, 'suture/fix-1').catch(() => undefined);
    expect(existsSync(canary) ? readFileSync(canary, 'utf8') : '').toBe('');
    git('config', '--unset', 'receive.procReceiveRefs');
    await publishBranchTo(stateDir, repo, user, 'suture/fix-1');
    expect(existsSync(canary) ? readFileSync(canary, 'utf8') : '').toBe('');
    expect(git('rev-parse', '--verify', 'suture/fix-1')).toMatch(/^[0-9a-f]{40}$/);
  });

  it('is reported as gone when there is no repository or no commit', async () => {
    await expect(mirrorExisting(stateDir, join(folder.path, 'absent'))).rejects.toMatchObject({ code: 'repository-gone' });
    await writeFiles(join(folder.path, 'plain'), { x: '' });
    await expect(mirrorExisting(stateDir, join(folder.path, 'plain'))).rejects.toMatchObject({ code: 'repository-gone' });
  });
});
