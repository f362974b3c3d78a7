import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Activities } from '../../src/activities/contract.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { stateFolder } from '../../src/config/index.ts';
import type { Notifier } from '../../src/integrations/contract.ts';
import { hasCode } from '../../src/lib/error-code.ts';

/** The real worker, which is killed once in each type of activity: as it begins, after its first effect, or when it is done and nobody was told. */
const stateDir = stateFolder(process.env);
const mode = readFileSync(join(stateDir, 'kill'), 'utf8');
const kills = join(stateDir, 'kills');
mkdirSync(kills, { recursive: true });

/** Which activity a call belongs to. */
const running = new AsyncLocalStorage<string>();

/** Calls that change something. */
const WRITES =
  /\.(put|putOnce|append|card|commit|open|merge|close|deleteBranch|create|upsert|rerun|react|answer|handOver|notify|report|forward|command|requestSlot|reserve|settle)$/;

/** Activities that only read. */
const READERS = /^(read|find|judge|decide)/;

/** How long a command of the sandbox has been at work when its worker dies, in milliseconds. */
const INTO_A_COMMAND_MS = 100;

/** How long an activity hangs before its worker dies, in milliseconds. */
const UNNOTICED_MS = 150;

/** Ends this process as `kill -9` does, unless the marker says that it was done before; the marker outlives it. */
async function die(activity: string, at: string): Promise<void> {
  let marker: number;
  try {
    marker = openSync(join(kills, `${mode}-${activity}`), 'wx');
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    throw error;
  }
  writeSync(marker, at);
  fsyncSync(marker);
  closeSync(marker);
  // A workflow that is just being told something would be told again only 10 s later, and make the story longer without telling more.
  await pause(UNNOTICED_MS);
  process.kill(process.pid, 'SIGKILL');
}

async function called(call: string, args: readonly unknown[], run: () => unknown): Promise<unknown> {
  const activity = running.getStore();
  const dying = mode === 'middle' && activity !== undefined;
  if (call === 'sandbox.run' && dying) void pause(INTO_A_COMMAND_MS).then(() => die(activity, call));
  const result = await run();
  if (call === 'forge.changes.commit') {
    appendFileSync(join(stateDir, 'commits'), `${JSON.stringify({ branch: (args[1] as { readonly branch: string }).branch, result })}\n`);
  }
  if (dying && (READERS.test(activity) || WRITES.test(call))) await die(activity, call);
  return result;
}

/** The same part, whose calls are seen. */
function seen<T>(part: T, name: string): T {
  if (typeof part !== 'object' || part === null) return part;
  return new Proxy(part, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      const path = `${name}.${String(key)}`;
      if (typeof value === 'object') return seen(value, path);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]) => {
        const run = (): unknown => Reflect.apply(value, target, args);
        return SYNCHRONOUS.has(path) ? run() : called(path, args, run);
      };
    },
  });
}

const SYNCHRONOUS: ReadonlySet<string> = new Set(['healings.webUiUrl', 'forge.pace']);

/** Somewhere that shows cards, as Slack does. */
const CARDS: Notifier = {
  handOver: async () => undefined,
  notify: async () => undefined,
  card: async ({ healingId }, key) => appendFileSync(join(stateDir, 'cards'), `${JSON.stringify({ healingId, key })}\n`),
};

function around(deps: ActivityDeps): ActivityDeps {
  return {
    ...deps,
    forge: seen(deps.forge, 'forge'),
    sandbox: seen(deps.sandbox, 'sandbox'),
    health: seen(deps.health, 'health'),
    notifiers: new Map([...deps.notifiers, ['cards', CARDS] as const].map(([id, each]) => [id, seen(each, 'notifier')])),
    artifacts: seen(deps.artifacts, 'artifacts'),
    records: seen(deps.records, 'records'),
    audit: seen(deps.audit, 'audit'),
    budget: seen(deps.budget, 'budget'),
    healings: seen(deps.healings, 'healings'),
  };
}

function wrap(activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: unknown) =>
      running.run(name, async () => {
        if (mode === 'before') await die(name, 'before');
        const result = await (activity as (input: unknown) => Promise<unknown>)(input);
        // What had no effect of its own dies with its answer.
        await die(name, 'after');
        return result;
      }),
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

// It begins some twenty times: what the first one compiled is kept for the others.
enableCompileCache(join(stateDir, 'cache'));
const { runWorkerProcess } = await import('../../src/worker.ts');
flushCompileCache();

// A keeper that is gone is not waited for: else each of these deaths would hold the story up for 10 s.
runWorkerProcess({ wrap, around, awaitKeeperMs: 200 });
