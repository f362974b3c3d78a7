import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { endProcesses, processesWith } from '../../abuse/prey.ts';
import { jobOf } from '../support.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'suture-early-'));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

const ROUNDS = 20;
/** Children of this process that are none of a sandbox. */
let before = new Set<number>();
const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

// Until a sandbox is set up its first process does not end with bubblewrap, so when it ends matters: each round does it a little later.
describe('a sandbox that ends while it starts', { timeout: 120_000 }, () => {
  it.each([
    ['cancelled', (stop: AbortController) => stop.abort()],
    ['killed by somebody else', () => endProcesses(childrenOf(process.pid).filter((pid) => !before.has(pid)))],
  ])('leaves nothing and keeps nobody waiting when it is %s', async (_how, end) => {
    const sandbox = createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' });
    await sandbox.run(jobOf(['true']));
    before = new Set(childrenOf(process.pid));
    const token = `86415.${process.pid}`;
    for (let round = 0; round < ROUNDS; round += 1) {
      const stop = new AbortController();
      const running = sandbox.run(jobOf([`sleep ${token}`]), { signal: stop.signal });
      running.catch(() => undefined);
      await vi.waitFor(() => expect(childrenOf(process.pid).some((pid) => !before.has(pid))).toBe(true), { interval: 1, timeout: 10_000 });
      await delay(round);
      end(stop);
      const [ended] = await Promise.allSettled([running]);
      expect(ended?.status === 'rejected' || ended?.value.steps[0]?.exitCode === null).toBe(true);
    }
    await vi.waitFor(() => expect(processesWith(token)).toEqual([]), { timeout: 10_000 });
  });
});
