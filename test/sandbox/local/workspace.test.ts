import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../../src/domain/failure.ts';
import type { JobResult, Sandbox, SandboxJob } from '../../../src/sandbox/contract.ts';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { endProcesses } from '../../abuse/prey.ts';
import { baseTar, jobOf } from '../support.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'suture-workspace-'));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const children = (): number[] =>
  readdirSync(`/proc/${process.pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${process.pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

describe('the workspace of a local sandbox', { timeout: 60_000 }, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' });
    if (!(await sandbox.preflight()).available) throw new Error('the local sandbox is not available');
  });
  const changesOf = async (command: string, base: Readonly<Record<string, string>>): Promise<JobResult> =>
    sandbox.run(jobOf([command], { base, collectChanges: { only: [] } }));

  describe('is compared by what is in it', () => {
    it('which tells a change through a mapping, that leaves every time stamp as it was', async () => {
      const program = `import mmap, os
before = os.stat('a.txt')
fd = os.open('a.txt', os.O_RDWR)
view = mmap.mmap(fd, 0)
view[0]
view[0:3] = b'two'
view.close()
after = os.stat('a.txt')
print((before.st_mtime_ns, before.st_ctime_ns, before.st_size) == (after.st_mtime_ns, after.st_ctime_ns, after.st_size))`;
      const { changes } = await changesOf(`python3 -c "${program}"`, { 'a.txt': 'one\n' });
      expect(changes).toEqual([{ op: 'write', path: 'a.txt', mode: '100644', content: base64('two\n') }]);
    });

    it('also where two folders took the place of each other', async () => {
      const { changes } = await changesOf('mv a t && mv b a && mv t b', { 'a/f': 'one\n', 'b/f': 'two\n' });
      expect(changes.map((change) => [change.path, change.op === 'write' && change.content])).toEqual([
        ['a/f', base64('two\n')],
        ['b/f', base64('one\n')],
      ]);
    });

    it('whatever its modes forbid to whoever owns it', async () => {
      const result = await changesOf('echo 2 > a; chmod 0 a; echo 2 > d/b; chmod 0 d/b d; chmod 0655 x; chmod 0444 same; chmod 0555 ro', {
        a: '1',
        'd/b': '1',
        x: '1',
        same: '1',
        'ro/c': '1',
      });
      expect(result.changes.map((change) => [change.path, change.op === 'write' && change.mode])).toEqual([
        ['a', '100644'],
        ['d/b', '100644'],
        ['x', '100755'],
      ]);
      expect(result.refused).toEqual([]);
    });

    it('with names that mean something to a shell, to tar or to nobody', async () => {
      const odd = ['-rf', '--checkpoint=1', 'a b', 'new\nline', "quo'te", 'ünï', '$(touch x)', `${'l'.repeat(99)}/${'m'.repeat(200)}`];
      const base = Object.fromEntries(odd.map((name) => [name, `${name}\n`]));
      expect(await changesOf('true', base)).toMatchObject({ changes: [], refused: [] });
      const { changes } = await changesOf('find . -type f -exec sh -c \'echo more >> "$1"\' - {} ";"', base);
      expect(changes.map(({ path }) => path)).toEqual(odd.filter((name) => !name.includes('\n')).sort());
    });

    it('to the last byte of a file that comes in many pieces', async () => {
      const large = 'x'.repeat(900_000);
      const huge = 'y'.repeat(5_000_000);
      expect(await changesOf('true', { large, huge })).toMatchObject({ changes: [], refused: [] });
      const { changes, refused } = await changesOf(
        'for f in large huge; do printf z | dd of=$f bs=1 seek=899999 conv=notrunc 2>/dev/null; done',
        {
          large,
          huge,
        },
      );
      expect(changes).toEqual([{ op: 'write', path: 'large', mode: '100644', content: base64(`${large.slice(0, -1)}z`) }]);
      expect(refused).toEqual(['"huge": is too large (5000000 bytes, at most 1048576)']);
    });

    it('for two jobs of one revision at once, each by its own', async () => {
      const base = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, 'x'.repeat(index * 20)]));
      const results = await Promise.all(['f1', 'f2', 'f3'].map((name) => changesOf(`echo ${name} > ${name}`, base)));
      expect(results.map(({ changes }) => changes.map(({ path }) => path))).toEqual([['f1'], ['f2'], ['f3']]);
    });
  });

  describe('that is not filled to its end', () => {
    /** A base of which some comes and then nothing more. */
    const halting = async (): Promise<Readable> => {
      const whole = await buffer(await baseTar({ a: 'x'.repeat(3_000_000) })());
      const stream = new Readable({ read: () => undefined });
      stream.push(whole.subarray(0, 2_000_000));
      return stream;
    };
    /** Runs a job on it, and does something once it is being filled. */
    const interrupted = async (
      act: (base: Readable, stop: AbortController, started: readonly number[]) => void,
      more: Partial<SandboxJob> = {},
    ): Promise<unknown> => {
      const base = await halting();
      const stop = new AbortController();
      const before = new Set(children());
      const ours = (): number[] => children().filter((pid) => !before.has(pid));
      const running = sandbox.run(jobOf(['echo never'], { openBase: () => Promise.resolve(base), ...more }), { signal: stop.signal });
      running.catch(() => undefined);
      await vi.waitFor(() => expect(ours()).toHaveLength(1), { interval: 1, timeout: 10_000 });
      await vi.waitFor(() => expect(base.readableLength).toBe(0), { interval: 1, timeout: 10_000 });
      act(base, stop, ours());
      const error = await running.then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(base.destroyed).toBe(true);
      expect(ours()).toEqual([]);
      return error;
    };

    it('ends when it is cancelled', async () => {
      expect(await interrupted((_base, stop) => stop.abort())).toMatchObject({ code: 'cancelled' });
    });

    it('says why the base broke off', async () => {
      expect(await interrupted((base) => base.destroy(new Failure('revision-gone', 'gone')))).toMatchObject({ code: 'revision-gone' });
    });

    it('never takes a base that was cut off for a whole one', async () => {
      expect(await interrupted((base) => base.push(null))).toMatchObject({ message: 'a tar that was cut off' });
    });

    it('is unavailable when somebody ends the sandbox', async () => {
      expect(await interrupted((_base, _stop, pids) => endProcesses([...pids]))).toMatchObject({ code: 'sandbox-unavailable' });
    });

    it.each([
      ['is unavailable when somebody ends the sandbox while more comes', 512, true, 'sandbox-unavailable'],
      ['is too large when it takes more memory than there may be', 48, false, 'too-large'],
    ])('%s', async (_how, mebibytes, ended, code) => {
      const before = new Set(children());
      const { limits } = jobOf([]);
      const base = await baseTar(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, 'x'.repeat(1024 ** 2)])))();
      const job = jobOf(['echo never'], {
        openBase: () => Promise.resolve(base),
        limits: { ...limits, memoryBytes: mebibytes * 1024 ** 2, workspaceBytes: 512 * 1024 ** 2 },
      });
      const running = sandbox.run(job, {});
      running.catch(() => undefined);
      if (ended) {
        await vi.waitFor(() => expect(children().some((pid) => !before.has(pid))).toBe(true), { interval: 1, timeout: 10_000 });
        await once(base, 'data');
        endProcesses(children().filter((pid) => !before.has(pid)));
      }
      await expect(running).rejects.toMatchObject({ code });
      expect(base.destroyed).toBe(true);
    });

    it('ends when its time is over', async () => {
      const { limits } = jobOf([]);
      expect(await interrupted(() => undefined, { limits: { ...limits, wallClockMs: 1_000 } })).toMatchObject({ code: 'too-large' });
    });
  });
});
