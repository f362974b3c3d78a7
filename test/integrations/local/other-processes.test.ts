import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLive } from '../../../src/integrations/local/deployments.ts';
import { createLocalForge } from '../../../src/integrations/local/forge.ts';
import { withLock } from '../../../src/integrations/local/lock.ts';
import { repoFolders } from '../../../src/integrations/local/paths.ts';
import { createLocalForgeService } from '../../../src/integrations/local/service.ts';
import { isRunning } from '../../../src/lib/process-identity.ts';
import { DEFAULT_LIMITS } from '../../../src/sandbox/contract.ts';
import { fakeSandbox, makeFolder, SHOP, serveShop } from './support.ts';

const SCRIPT = fileURLToPath(new URL('./other-process.ts', import.meta.url));
const SERVER = `import { createServer } from 'node:http'; createServer((_, response) => response.end()).listen(Number(process.env.PORT), '127.0.0.1');`;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('several processes on one state folder', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let stateDir: string;
  let head: string;
  let children: ChildProcess[];

  const run = (what: string, argument: string): ChildProcess => {
    const child = spawn(process.execPath, [SCRIPT, what, stateDir, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };
  const said = async (child: ChildProcess): Promise<void> => {
    await once(child.stdout ?? child, 'data');
  };
  const ended = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, 'exit');
    }
  };

  beforeEach(async () => {
    folder = await makeFolder();
    stateDir = folder.path;
    children = [];
    head = await serveShop(
      stateDir,
      { 'a.txt': 'one\n', 'server.mjs': SERVER },
      { environments: { production: { start: ['node', 'server.mjs'], healthPath: '/', startTimeoutMs: 10_000 } } },
    );
  });
  afterEach(async () => {
    for (const child of children) {
      child.kill('SIGKILL');
      await ended(child);
    }
    await folder.dispose();
  });

  it('take the lock of a process that was killed while it held it', async () => {
    const path = join(stateDir, 'held');
    const holder = run('hold', path);
    await said(holder);
    await expect(withLock(path, () => Promise.resolve('mine'), 100)).rejects.toMatchObject({ code: 'conflict' });
    holder.kill('SIGKILL');
    await ended(holder);
    const taken = await Promise.all(Array.from({ length: 5 }, () => withLock(path, () => Promise.resolve('mine'))));
    expect(taken).toEqual(['mine', 'mine', 'mine', 'mine', 'mine']);
  });

  it('never lose a change that each makes under the lock', async () => {
    const file = join(stateDir, 'number');
    writeFileSync(file, '0');
    const all = [run('count', file), run('count', file), run('count', file), run('count', file)];
    await Promise.all(all.map(ended));
    expect(readFileSync(file, 'utf8')).toBe('100');
  });

  it('leave one branch, one commit, one pull request and one deployment, wherever publishing was killed before it is repeated', async () => {
    for (let delay = 60; delay <= 260; delay += 25) {
      const child = run('publish', head);
      await pause(delay);
      child.kill('SIGKILL');
      await ended(child);
    }
    const last = run('publish', head);
    await said(last);
    await ended(last);
    const forge = createLocalForge(stateDir);
    const tip = (await forge.repositories.resolve(SHOP, 'suture/x-1')) ?? '';
    expect((await forge.repositories.commits(SHOP, head, tip, 10)).commits).toHaveLength(1);
    expect(await forge.changes.get(SHOP, 1)).toMatchObject({ headSha: tip, state: 'open' });
    expect(await forge.changes.get(SHOP, 2)).toBeNull();
    expect(await forge.deployments.list(SHOP, 'production')).toHaveLength(1);
  });

  it('adopt the production that a killed service left running', async () => {
    const killed = run('serve', head);
    await said(killed);
    const before = await readLive(repoFolders(stateDir, SHOP), 'production');
    killed.kill('SIGKILL');
    await ended(killed);
    expect(before === null ? false : isRunning(before.process)).toBe(true);
    const service = createLocalForgeService({
      stateDir,
      sandbox: fakeSandbox(() => ({})),
      limits: DEFAULT_LIMITS,
      readChecks: () => [],
      hook: null,
      log: quiet,
    });
    await service.start();
    const after = await readLive(repoFolders(stateDir, SHOP), 'production');
    await service.stop();
    expect(after?.process).toEqual(before?.process);
    expect(before === null ? true : isRunning(before.process)).toBe(false);
  });
});
