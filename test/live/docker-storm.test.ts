import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { createDockerSandbox } from '../../src/sandbox/docker/index.ts';
import { endProcesses, processesWith } from '../abuse/prey.ts';
import { storm } from '../sandbox/storm.ts';

/** How many jobs; the storm needs an engine of its own, because it kills it. */
const JOBS = Number(process.env['SUTURE_TEST_DOCKER_STORM_JOBS'] ?? 0);

/** What a process was called with; nothing once it has ended. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

function whyNot(): string | null {
  if (!(JOBS > 0)) return 'set SUTURE_TEST_DOCKER_STORM_JOBS to a number of jobs, such as 500';
  if (process.getuid?.() !== 0) return 'only root can start the engine that is killed in it';
  try {
    execFileSync('dockerd', ['--version'], { stdio: 'ignore' });
    execFileSync('docker', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return '`dockerd` and `docker` are needed to start an engine of its own';
  }
}

const missing = whyNot();
if (missing !== null) process.stdout.write(`skipped: the storm on a container engine: ${missing}\n`);

describe.skipIf(missing !== null)(`${JOBS} jobs whose service, containers and engine are killed at random`, { timeout: 1_800_000 }, () => {
  it('come to the right results, and nothing of them is left', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'suture-engine-'));
    const stateDir = join(folder, 'state');
    const socketPath = join(folder, 'docker.sock');
    const env = { ...process.env, DOCKER_HOST: `unix://${socketPath}` };
    const token = `8642.${process.pid}`;
    const docker = async (...args: readonly string[]): Promise<string> =>
      (await promisify(execFile)('docker', [...args], { env, timeout: 60_000 })).stdout.trim();
    const folders = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')];
    const log = openSync(join(folder, 'dockerd.log'), 'a');
    let engine: ChildProcess | null = null;
    const begin = async (): Promise<void> => {
      engine = spawn('dockerd', ['--host', env.DOCKER_HOST, ...folders, '--bridge', 'none', '--iptables=false'], {
        stdio: ['ignore', log, log],
        detached: true,
      });
      for (let tried = 0; tried < 300 && engine.exitCode === null; tried += 1) {
        if ((await docker('info').catch(() => null)) !== null) return;
        await delay(200);
      }
      throw new Error(`the engine did not start: ${readFileSync(join(folder, 'dockerd.log'), 'utf8').slice(-2000)}`);
    };
    /** The engine and the part of it that keeps containers, without the containers. */
    const engineProcesses = (): readonly number[] =>
      processesWith(folder).filter((pid) => /^(?:dockerd|containerd)$/.test(readFileSync(`/proc/${pid}/comm`, 'utf8').trim()));
    const killEngine = async (): Promise<void> => {
      endProcesses(engineProcesses());
      await vi.waitFor(() => expect(engineProcesses()).toEqual([]), { timeout: 20_000 });
      // As a supervisor of services would.
      for (let tried = 1; ; tried += 1) {
        try {
          return await begin();
        } catch (error) {
          if (tried >= 5) throw error;
        }
      }
    };
    const killJob = async (): Promise<boolean> => {
      const running = (await docker('ps', '--quiet').catch(() => '')).split('\n').filter(Boolean);
      const prey = running[Math.floor(Math.random() * running.length)];
      return prey !== undefined && (await docker('kill', prey).catch(() => null)) !== null;
    };
    try {
      await begin();
      const image = execFileSync('sh', [join(import.meta.dirname, 'image.sh')], { env, encoding: 'utf8' }).trim();
      const atLeast = { serviceKills: Math.ceil(JOBS / 50), jobKills: Math.ceil(JOBS / 10), engineKills: Math.ceil(JOBS / 100) };
      const settings = { stateDir, docker: { socketPath, image }, atOnce: 6 };
      const { services: _services, ...result } = await storm({ jobs: JOBS, settings, token, killJob, killEngine, atLeast, pause: 400 });
      process.stdout.write(`storm, docker: ${JOBS} jobs, ${JSON.stringify(result)}\n`);
      expect(result).toMatchObject({ wrong: [], missing: 0, stuck: 0 });
      expect(result.kills.service).toBe(atLeast.serviceKills);
      expect(result.kills.job).toBeGreaterThan(atLeast.jobKills / 2);
      expect(result.kills.engine).toBeGreaterThan(0);
      const sandbox = createDockerSandbox({ stateDir, docker: { socketPath, image } });
      await sandbox.sweep();
      // An engine that was killed while it took a container away may go on to list it as dead, and keep what held it, until it starts again.
      const stopping = engine as ChildProcess | null;
      stopping?.kill('SIGTERM');
      if (stopping?.exitCode === null && stopping.signalCode === null) await once(stopping, 'exit');
      await begin();
      await vi.waitFor(
        async () => {
          await sandbox.sweep();
          expect(await docker('ps', '--all', '--quiet')).toBe('');
        },
        { timeout: 30_000, interval: 500 },
      );
      expect(processesWith(token)).toEqual([]);
      // The engine takes a container off its list a moment before what held it has ended.
      await vi.waitFor(() => expect(processesWith('containerd-shim').filter((pid) => commandLine(pid).includes(folder))).toEqual([]), {
        timeout: 10_000,
        interval: 200,
      });
      expect(
        readFileSync('/proc/self/mountinfo', 'utf8')
          .split('\n')
          .filter((line) => /\/(?:overlay2|containers)\/[^/]+\//.test(line) && line.includes(folder)),
      ).toEqual([]);
    } finally {
      const running = engine as ChildProcess | null;
      if (running !== null && running.exitCode === null && running.signalCode === null) {
        running.kill('SIGTERM');
        await Promise.race([once(running, 'exit'), delay(20_000)]);
      }
      endProcesses([...processesWith(folder), ...processesWith(token)]);
      await delay(500);
      for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n').reverse()) {
        const point = line.split(' ')[4] ?? '';
        if (point.startsWith(folder)) execFileSync('umount', ['--lazy', point], { stdio: 'ignore' });
      }
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
