import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRuntime } from '../src/cli/runtime.ts';
import { loadConfig, settingsFrom } from '../src/config/index.ts';
import type { HealingResult } from '../src/domain/healing-result.ts';
import { healingId } from '../src/domain/ids.ts';
import type { RepoRef } from '../src/domain/names.schema.ts';
import { mirrorExisting } from '../src/integrations/local/admin.ts';
import { integrations } from '../src/integrations/registry.ts';
import { connectLazily } from '../src/temporal/index.ts';
import { type ActivityTime, covered, readTimes, TIMES_FILE } from './activity-times.ts';
import { CHECK, makeBrokenRepository } from './broken-repository.ts';
import type { Part } from './figure.ts';
import { ms, quantile, summary } from './statistics.ts';

const WARM_UPS = 1;
const HEALINGS = 7;
const TARGET_MS = 2000;

/** One healing, in milliseconds. */
interface Sample {
  readonly wall: number;
  /** Time of the commands it ran, as the sandbox measured them. */
  readonly commands: number;
  readonly commandCount: number;
  readonly overhead: number;
  readonly activities: number;
  readonly audits: number;
  /** Round the commands: sandbox start, workspace, reports, storing. */
  readonly sandboxes: number;
  /** In other activities than those that run commands and write the audit trail. */
  readonly others: number;
  /** In no activity but those that write the audit trail. */
  readonly onlyAudit: number;
  /** In no activity at all: workflow tasks, round trips to the server, waits. */
  readonly between: number;
  readonly slowest: ReadonlyArray<readonly [name: string, milliseconds: number, calls: number]>;
}

function sample(from: number, to: number, times: readonly ActivityTime[]): Sample {
  const runs = times.filter((time) => time.commandMs !== undefined);
  const audits = times.filter((time) => time.name === 'recordAudit');
  const story = times.filter((time) => time.name !== 'recordAudit');
  // Commands that run side by side hold the healing up once.
  const commands = covered(runs.map((run) => ({ from: run.to - (run.commandMs ?? 0), to: run.to })));
  const inRuns = covered(runs);
  const inStory = covered(story);
  const inAny = covered(times);
  const byName = new Map<string, { total: number; calls: number }>();
  for (const time of story) {
    if (time.commandMs !== undefined) continue;
    const seen = byName.get(time.name) ?? { total: 0, calls: 0 };
    byName.set(time.name, { total: seen.total + time.to - time.from, calls: seen.calls + 1 });
  }
  const slowest = [...byName].map(([name, { total, calls }]) => [name, total, calls] as const).sort((a, b) => b[1] - a[1]);
  return {
    wall: to - from,
    commands,
    commandCount: runs.length,
    overhead: to - from - commands,
    activities: times.length,
    audits: audits.length,
    sandboxes: inRuns - commands,
    others: inStory - inRuns,
    onlyAudit: inAny - inStory,
    between: to - from - inAny,
    slowest: slowest.slice(0, 5),
  };
}

/** Healings of one attempt, as `suture heal` asks for them, through the real server, worker, sandbox and forge; less the time of the commands. */
export async function benchHealingOverhead(stop: AbortSignal): Promise<Part> {
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-bench-heal-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'],
    SUTURE_TEMPORAL_EXECUTABLE: process.env['SUTURE_TEMPORAL_EXECUTABLE'],
    SUTURE_TEMPORAL_PORT: '0',
    SUTURE_TEMPORAL_UI_PORT: '0',
    SUTURE_INGRESS_PORT: '0',
  };
  try {
    const runtime = await startRuntime({ stateDir, env, workerScript: fileURLToPath(new URL('./timed-worker.ts', import.meta.url)) });
    const connection = connectLazily({ address: runtime.temporalAddress, namespace: 'default' });
    try {
      const { config } = loadConfig({ stateDir, env, integrations });
      const settings = settingsFrom(config);
      const heal = async (name: string): Promise<Sample> => {
        // A repository of its own: attempts on one failure are counted across healings.
        const folder = join(stateDir, name);
        await makeBrokenRepository(folder);
        const { repo, branch } = await mirrorExisting(stateDir, folder);
        const subject = `manual/${name}`;
        const file = join(stateDir, TIMES_FILE);
        const seen = (await stat(file).catch(() => null)) === null ? 0 : (await readTimes(file)).length;
        const from = performance.timeOrigin + performance.now();
        await runtime.healings.report(
          {
            repo,
            subject,
            settings: { ...settings, timings: { ...settings.timings, gatherMs: 0, cooldownMs: 0, checkPollMs: 1000 } },
            request: { run: CHECK, timeoutSeconds: 60, revision: branch },
          },
          asked(repo, subject),
        );
        const result = (await connection.client.workflow.getHandle(healingId(repo, subject)).result()) as HealingResult;
        const to = performance.timeOrigin + performance.now();
        if (result.outcome.kind !== 'healed' || result.attempts !== 1)
          throw new Error(
            `no healing of one attempt: ${result.attempts}, ${result.outcome.kind} (${result.outcome.reason}): ${result.outcome.detail}`,
          );
        return sample(from, to, (await readTimes(file)).slice(seen));
      };
      const samples: Sample[] = [];
      for (let round = -WARM_UPS; round < HEALINGS; round++) {
        stop.throwIfAborted();
        const one = await heal(`bench-${round + WARM_UPS}`);
        if (round >= 0) samples.push(one);
      }
      return report(samples);
    } finally {
      await connection.close();
      await runtime.stop();
    }
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}

function asked(repo: RepoRef, subject: string) {
  return {
    id: `bench:${subject}`,
    source: 'manual',
    kind: 'requested',
    repo,
    subject,
    at: new Date().toISOString(),
    actor: { id: 'bench', trust: 'maintainer' },
    summary: `heal: ${CHECK}`,
    facts: {},
  } as const;
}

function report(samples: readonly Sample[]): Part {
  const median = (of: (sample: Sample) => number) => quantile(samples.map(of), 0.5);
  const overhead = summary(samples.map((each) => each.overhead));
  const [first] = samples;
  return {
    figures: [
      {
        name: 'healing, own overhead, p50',
        ours: ms(overhead.p50),
        plain: `${ms(median((each) => each.commands))} its ${median((each) => each.commandCount)} commands`,
        apart: `${ms(median((each) => each.wall))} in all`,
        target: `< ${TARGET_MS} ms`,
        met: overhead.p50 < TARGET_MS,
      },
      {
        name: 'healing, own overhead, most',
        ours: ms(Math.max(...samples.map((each) => each.overhead))),
        plain: '-',
        apart: '-',
        target: '-',
        met: null,
      },
    ],
    notes: [
      `healing: ${samples.length} healings of one attempt after ${WARM_UPS} to warm up, from the request to the result; the time of commands is what the sandbox measured; no pauses to gather or to cool, as in suture heal`,
      `healing: ${median((each) => each.activities)} activities (${median((each) => each.audits)} audit entries); medians: sandboxes round the commands ${ms(median((each) => each.sandboxes))}, other activities ${ms(median((each) => each.others))}, audit alone ${ms(median((each) => each.onlyAudit))}, round trips and workflow tasks ${ms(median((each) => each.between))}`,
      `healing: the longest other activities of one healing: ${(first?.slowest ?? []).map(([name, total, calls]) => `${name} ${ms(total)} in ${calls}`).join(', ')}`,
    ],
    numbers: { overhead, samples },
  };
}
