import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { endProcesses, processesWith } from '../../abuse/prey.ts';
import { storm } from '../storm.ts';

/** All 500 with `SUTURE_TEST_STORM_JOBS=500`; some of them with every run of the tests. */
const JOBS = Number(process.env['SUTURE_TEST_STORM_JOBS'] ?? 120);

function killOneBelow(service: number): boolean {
  let jobs: number[] = [];
  try {
    jobs = readFileSync(`/proc/${service}/task/${service}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    // The service is gone.
  }
  const prey = jobs[Math.floor(Math.random() * jobs.length)];
  if (prey === undefined) return false;
  endProcesses([prey]);
  return true;
}
/** Where a sandbox could leave a mount: its own folder, and those in which toolchains are shown. */
const mounts = (stateDir: string): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) =>
      [stateDir, '/mnt', '/media', '/srv', '/newroot', '/oldroot', '/workspace'].some((folder) => point.startsWith(folder)),
    );

/** Control groups of services by their pid. */
function groupsOf(services: readonly number[]): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
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
}

describe(`${JOBS} jobs whose service and whose sandboxes are killed at random`, { timeout: 900_000 }, () => {
  it('come to the right results, and nothing of them is left', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'suture-storm-'));
    const token = `8641.${process.pid}`;
    const mountsBefore = mounts(stateDir);
    const atLeast = { serviceKills: Math.ceil(JOBS / 50), jobKills: Math.ceil(JOBS / 10), engineKills: 0 };
    try {
      const { services, ...result } = await storm({
        jobs: JOBS,
        settings: { stateDir, atOnce: 6 },
        token,
        killJob: killOneBelow,
        atLeast,
        pause: 60,
      });
      process.stdout.write(`storm, local: ${JOBS} jobs, ${JSON.stringify(result)}\n`);
      expect(result).toMatchObject({ wrong: [], missing: 0, stuck: 0 });
      expect(result.kills.service).toBe(atLeast.serviceKills);
      expect(result.kills.job).toBeGreaterThan(atLeast.jobKills / 2);
      await vi.waitFor(() => expect(processesWith(token)).toEqual([]), { timeout: 10_000 });
      expect(mounts(stateDir)).toEqual(mountsBefore);
      await createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' }).sweep();
      expect(readdirSync(join(stateDir, 'sandbox'))).toEqual([]);
      expect(groupsOf(services)).toEqual([]);
    } finally {
      endProcesses(processesWith(token));
      rmSync(stateDir, { recursive: true, force: true });
    }
  });
});
