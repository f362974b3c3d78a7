import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** What a storm disturbs, and how often. */
export interface StormOptions {
  readonly jobs: number;
  /** What `storm-service.ts` is told, beside the numbers of jobs. */
  readonly settings: object;
  /** Text in the command line of the service and of what its jobs leave running. */
  readonly token: string;
  /** Kills one running job of a service; false when it found none. */
  readonly killJob: (service: number) => boolean | Promise<boolean>;
  /** Kills the engine and brings it back. */
  readonly killEngine?: () => Promise<void>;
  readonly atLeast: { readonly serviceKills: number; readonly jobKills: number; readonly engineKills: number };
  /** Between two kills, in milliseconds. */
  readonly pause: number;
}

/** What came of it. */
export interface StormResult {
  readonly wrong: readonly string[];
  /** Jobs without a result. */
  readonly missing: number;
  /** Services that said nothing for so long that they waited for something that never comes. */
  readonly stuck: number;
  readonly kills: { readonly service: number; readonly job: number; readonly engine: number };
  /** Pids of the services. */
  readonly services: readonly number[];
}

const STUCK_MS = 90_000;
const MAX_ROUNDS = 80;

/** Runs numbered jobs while their service, they themselves and their engine are killed at random; what was killed is run again. */
export async function storm({ jobs, settings, token, killJob, killEngine, atLeast, pause }: StormOptions): Promise<StormResult> {
  const wanted = new Set(Array.from({ length: jobs }, (_, at) => String(at)));
  const wrong: string[] = [];
  const services: number[] = [];
  const kills = { service: 0, job: 0, engine: 0 };
  let stuck = 0;
  for (let round = 0; wanted.size > 0 && round < MAX_ROUNDS; round += 1) {
    const service = spawn(process.execPath, [join(import.meta.dirname, 'storm-service.ts'), JSON.stringify(settings), token, ...wanted], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    services.push(service.pid ?? 0);
    const watchdog = setTimeout(() => {
      stuck += 1;
      service.kill('SIGKILL');
    }, STUCK_MS);
    let printed = 0;
    createInterface({ input: service.stdout }).on('line', (line) => {
      watchdog.refresh();
      printed += 1;
      const { number, exitCode, output } = JSON.parse(line) as { number: string; exitCode: number | null; output: string };
      // A sandbox that was ended says so, and its job is run again.
      if (exitCode === null) return;
      if (exitCode === Number(number) % 3 && output === `${number}\n`) wanted.delete(number);
      else wrong.push(line);
    });
    const closed = once(service, 'close');
    const isOpen = (): boolean => service.exitCode === null && service.signalCode === null;
    // Each round gets some way first, so that the storm ends.
    const untilKill = kills.service < atLeast.serviceKills ? jobs / (atLeast.serviceKills + 1) / 2 : Number.POSITIVE_INFINITY;
    // Spread over the storm by what is done, at moments that chance picks.
    const engineIsDue = (): boolean => (jobs - wanted.size) / jobs >= (kills.engine + 0.5) / atLeast.engineKills;
    while (isOpen()) {
      await Promise.race([closed, delay(pause * (0.5 + Math.random()))]);
      if (!isOpen()) break;
      if (killEngine !== undefined && kills.engine < atLeast.engineKills && engineIsDue()) {
        kills.engine += 1;
        await killEngine();
      } else if (kills.job < atLeast.jobKills && Math.random() < 0.5) {
        if (await killJob(service.pid ?? 0)) kills.job += 1;
      } else if (printed >= untilKill) {
        kills.service += 1;
        service.kill('SIGKILL');
        break;
      }
    }
    await closed;
    clearTimeout(watchdog);
  }
  return { wrong, missing: wanted.size, stuck, kills, services };
}
