import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLocalSandbox } from '../../src/sandbox/local/index.ts';
import { jobOf } from '../sandbox/support.ts';

/** A C compiler, where this machine has one. */
const compiler = ['/usr/bin/cc', '/usr/bin/gcc', '/usr/bin/clang'].find((path) => existsSync(path));
if (compiler === undefined) process.stdout.write('skipped: the static probe of system calls: there is no C compiler\n');

/** Open inside, and of no use there: its own process, the one that keeps the sandbox under the same filter, an empty network, its own workspace. */
const HARMLESS = ['pid1-mem', 'proc-self-mem', 'socket-inet', 'socket-netlink-route', 'socket-unix', 'write-workspace'];

describe.skipIf(compiler === undefined)('the static probe of system calls', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'suture-probe-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  /** Names of what was open. */
  const opened = (output: string): string[] => [...output.matchAll(/^open (\S+)$/gm)].map((match) => match[1] ?? '').sort();

  it('finds nothing open but what is harmless, and much open outside', async () => {
    const probe = join(folder, 'probe');
    execFileSync(compiler ?? '', ['-static', '-O1', '-w', '-o', probe, join(import.meta.dirname, '../abuse/probe.c')], { stdio: 'pipe' });
    const outside = opened(execFileSync(probe, [], { encoding: 'utf8', cwd: folder, timeout: 30_000 }));
    const sandbox = createLocalSandbox({ stateDir: join(folder, 'state'), searchPath: process.env['PATH'] ?? '' });
    const content = readFileSync(probe).toString('base64');
    const { steps } = await sandbox.run(jobOf(['./probe'], { files: [{ op: 'write', path: 'probe', mode: '100755', content }] }));
    expect(steps[0]).toMatchObject({ exitCode: 0, output: expect.stringContaining('done') });
    const inside = opened(steps[0]?.output ?? '');
    expect(inside).toEqual(HARMLESS);
    // As an ordinary user less is open anyway.
    expect(outside.filter((name) => !inside.includes(name)).length).toBeGreaterThanOrEqual(process.getuid?.() === 0 ? 15 : 6);
  });
});
