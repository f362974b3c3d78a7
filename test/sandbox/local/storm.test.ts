import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, vi } from 'vitest';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { endProcesses, processesWith } from '../../abuse/prey.ts';

/** All 500 with `SUTURE_TEST_STORM_JOBS=500`; some of them with every run of the tests. */
const JOBS = Number(process.env['SUTURE_TEST_STORM_JOBS'] ?? 120);
/** How often the service is killed, and at most how often one of its jobs. */
const SERVICE_KILLS = Math.ceil(JOBS / 50);
const JOB_KILLS = Math.ceil(JOBS / 10);
/** A service that says nothing for so long waits for something that never comes. */
const STUCK_MS = 60_000;

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};
const mounts = (): number => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length;

describe(`${JOBS} jobs whose service and whose sandboxes are killed at random`, { timeout: 900_000 }, () => {
  it('come to the right results, and nothing of them is left', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'suture-storm-'));
    const token = `8641.${process.pid}`;
    const mountsBefore = mounts();
    const wanted = new Set(Array.from({ length: JOBS }, (_, at) => String(at)));
    const wrong: string[] = [];
    let serviceKills = 0;
    let jobKills = 0;
    let stuck = 0;
    const services: number[] = [];
    try {
      for (let round = 0; wanted.size > 0; round += 1) {
        expect(round).toBeLessThan(60);
        const service = spawn(process.execPath, [join(import.meta.dirname, 'storm-service.ts'), stateDir, token, ...wanted], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        services.push(service.pid ?? 0);
        const watchdog = setTimeout(() => {
          stuck += 1;
          service.kill('SIGKILL');
        }, STUCK_MS);
        createInterface({ input: service.stdout }).on('line', (line) => {
          watchdog.refresh();
          const { number, exitCode, output } = JSON.parse(line) as { number: string; exitCode: number | null; output: string };
          // A sandbox that was ended says so, and its job is run again.
          if (exitCode === null) return;
          if (exitCode === Number(number) % 3 && output === `${number}\n`) wanted.delete(number);
          else wrong.push(line);
        });
        const hunt = setInterval(() => {
          const jobs = childrenOf(service.pid ?? 0);
          const [prey] = jobs.sort(() => Math.random() - 0.5);
          if (prey !== undefined && jobKills < JOB_KILLS && Math.random() < 0.5) {
            endProcesses([prey]);
            jobKills += 1;
          }
        }, 60);
        const kill =
          serviceKills < SERVICE_KILLS
            ? setTimeout(
                () => {
                  serviceKills += 1;
                  service.kill('SIGKILL');
                },
                400 + Math.random() * 900,
              )
            : undefined;
        await once(service, 'close');
        clearInterval(hunt);
        clearTimeout(kill);
        clearTimeout(watchdog);
      }
      expect(wrong).toEqual([]);
      expect(stuck).toBe(0);
      expect(serviceKills).toBe(SERVICE_KILLS);
      expect(jobKills).toBeGreaterThan(JOB_KILLS / 4);
      process.stdout.write(`storm: ${JOBS} jobs, ${serviceKills} kills of the service, ${jobKills} of jobs\n`);
      await vi.waitFor(() => expect(processesWith(token)).toEqual([]), { timeout: 10_000 });
      expect(mounts()).toBe(mountsBefore);
      await createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' }).sweep();
      expect(readdirSync(join(stateDir, 'sandbox'))).toEqual([]);
      const groups = readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((line) => / cgroup2? /.test(line))
        .flatMap((line) => {
          try {
            return readdirSync(line.split(' ')[1] ?? '', { recursive: true }).map(String);
          } catch {
            return [];
          }
        })
        .filter((name) => services.some((pid) => name.includes(`suture-sandbox.${pid}.`)));
      expect(groups).toEqual([]);
    } finally {
      endProcesses(processesWith(token));
      rmSync(stateDir, { recursive: true, force: true });
    }
  });
});
