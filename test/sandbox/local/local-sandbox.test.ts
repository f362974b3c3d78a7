import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { describeSandboxContract } from '../contract-suite.ts';
import { jobOf } from '../support.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'suture-sandbox-'));
const searchPath = process.env['PATH'] ?? '';
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

describeSandboxContract('local', () => createLocalSandbox({ stateDir, searchPath }));

/** Host processes whose command line holds a text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

describe('local sandbox on this machine', { timeout: 60_000 }, () => {
  it('is unavailable without bubblewrap and says what to install', async () => {
    const bin = join(stateDir, 'bin');
    mkdirSync(bin);
    for (const name of ['tar', 'prlimit']) {
      symlinkSync(`/usr/bin/${name}`, join(bin, name));
    }
    const sandbox = createLocalSandbox({ stateDir, searchPath: bin });
    await expect(sandbox.run(jobOf(['true']))).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringContaining('apt-get install bubblewrap'),
    });
    expect(await sandbox.preflight()).toMatchObject({ available: false, isolation: 'none' });
  });

  it('is unavailable when a configured toolchain is not there', async () => {
    const sandbox = createLocalSandbox({ stateDir, searchPath, toolchains: ['/nonexistent/tools'] });
    await expect(sandbox.run(jobOf(['true']))).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringContaining('/nonexistent/tools'),
    });
  });

  it('offers configured toolchains that lie in a private folder', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'suture-tools-'));
    try {
      mkdirSync(join(tools, 'kit/bin'), { recursive: true });
      symlinkSync('/usr/bin/true', join(tools, 'kit/bin/our-own-tool'));
      const sandbox = createLocalSandbox({ stateDir, searchPath, toolchains: [join(tools, 'kit')] });
      expect((await sandbox.run(jobOf(['our-own-tool']))).steps[0]?.exitCode).toBe(0);
    } finally {
      rmSync(tools, { recursive: true, force: true });
    }
  });

  it('leaves no process behind: daemons end with the job', async () => {
    const token = `86413.${process.pid}`;
    await createLocalSandbox({ stateDir, searchPath }).run(jobOf([`setsid nohup sleep ${token} >/dev/null 2>&1 & exit 0`]));
    expect(processesWith(token)).toEqual([]);
    expect(readdirSync(join(stateDir, 'sandbox'))).toEqual([]);
  });

  it('leaves nothing after kill -9 of the service but what a sweep removes', async () => {
    const token = `86414.${process.pid}`;
    const program = `
      const { createLocalSandbox } = await import(${JSON.stringify(new URL('../../../src/sandbox/local/index.ts', import.meta.url).href)});
      const { jobOf } = await import(${JSON.stringify(new URL('../support.ts', import.meta.url).href)});
      const sandbox = createLocalSandbox({ stateDir: ${JSON.stringify(stateDir)}, searchPath: ${JSON.stringify(searchPath)} });
      await sandbox.run(jobOf(['setsid sleep ${token} & sleep ${token}']), { onProgress: (line) => process.stdout.write(line + '\\n') });`;
    const service = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(service.stdout, 'data');
      await vi.waitFor(() => expect(processesWith(`sleep\0${token}`).length).toBeGreaterThan(1), { timeout: 10_000 });
    } finally {
      service.kill('SIGKILL');
      await once(service, 'close');
    }
    await vi.waitFor(() => expect(processesWith(token)).toEqual([]), { timeout: 10_000 });
    const sandbox = createLocalSandbox({ stateDir, searchPath });
    await sandbox.sweep();
    const { stdout } = await promisify(execFile)('find', ['/sys/fs/cgroup', '-name', `suture-sandbox.${service.pid}.*`]).catch(() => ({
      stdout: '',
    }));
    expect(stdout).toBe('');
  });
});
