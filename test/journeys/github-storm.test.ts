import { createHmac, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { quantile } from '../../bench/statistics.ts';
import { type Child, startChild } from '../../src/cli/child.ts';
import { commandId } from '../../src/domain/ids.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import { type GitHubStandIn, type StandInRepository, startGitHubStandIn } from '../support/github/stand-in.ts';
import { openTemporal, providedTemporal } from '../support/temporal.ts';

const SECRET = 'a-webhook-secret-of-thirty-two-bytes';
const PULLS = 18;
const DELIVERIES = 1_000;
/** Deliveries under way at the same time. */
const AT_ONCE = 20;

interface Mail {
  readonly guid: string;
  readonly event: string;
  readonly payload: { readonly action?: string; readonly [key: string]: unknown };
}

let standIn: GitHubStandIn;
let repository: StandInRepository;
let ingress: Child;
let stateDir: string;
let client: Client;
const taskQueue = `storm-${process.pid}-${Date.now()}`;
const repo = () => ({ owner: repository.owner, name: repository.name });
const idOf = (subject: string): string => `heal/${repository.owner}/${repository.name}/${subject}`;

beforeAll(async () => {
  const { address, namespace } = providedTemporal();
  standIn = await startGitHubStandIn();
  stateDir = await mkdtemp(join(tmpdir(), 'suture-storm-'));
  const config = {
    temporal: { address, namespace, taskQueue },
    ingress: { port: 0 },
    forge: 'github',
    timings: { gatherMs: 0, cooldownMs: 0 },
    integrations: { github: { baseUrl: standIn.url, webUrl: standIn.url, appId: standIn.app.id, login: `${standIn.app.slug}[bot]` } },
    logLevel: 'warn',
  };
  await writeFile(join(stateDir, 'config.yml'), stringify(config));
  await mkdir(join(stateDir, 'run'));
  ingress = await startChild({
    name: 'ingress',
    script: fileURLToPath(new URL('../../src/ingress.ts', import.meta.url)),
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: stateDir,
      SUTURE_STATE_DIR: stateDir,
      SUTURE_SECRET_GITHUB_APP_KEY: standIn.app.privateKey,
      SUTURE_SECRET_GITHUB_WEBHOOK: SECRET,
    },
    logFile: join(stateDir, 'ingress.log'),
  });
  client = new Client({ connection: await Connection.connect({ address }), namespace });
}, 60_000);

afterAll(async () => {
  await client?.connection.close();
  await ingress?.stop();
  await standIn?.close();
  if (stateDir !== undefined) await rm(stateDir, { recursive: true, force: true });
}, 60_000);

/** A pull request whose tests fail in two jobs of four; its number. */
async function breakPull(at: number): Promise<number> {
  const { hands } = repository;
  const sha = await hands.push(`work-${at}`, { [`file-${at}.txt`]: 'broken\n' });
  const number = await hands.openPull(`work-${at}`);
  await failAt(sha, `work-${at}`);
  return number;
}

async function failAt(sha: string, branch: string): Promise<void> {
  const jobs = ['lint', 'unit', 'types', 'e2e'].map((name, at) => ({
    name,
    conclusion: at % 2 === 0 ? 'success' : 'failure',
    log: `${name}\n`,
  }));
  await repository.hands.run({ sha, branch, jobs });
}

/** What GitHub says about all of it, each with a name of its own. */
async function everything(): Promise<readonly Mail[]> {
  const { hands } = repository;
  const numbers: number[] = [];
  for (let at = 1; at <= PULLS; at += 1) numbers.push(await breakPull(at));
  const main = await hands.push('main', { 'main.txt': 'broken\n' });
  await failAt(main, 'main');
  for (const context of ['ci/other', 'ci/third']) await hands.status(main, context, 'failure');
  const release = await hands.push('release', { 'release.txt': 'broken\n' });
  await failAt(release, 'release');
  for (const number of numbers.slice(0, 6)) {
    await hands.comment(number, 'Looks odd.');
    await hands.comment(number, '/suture status');
    await hands.label(number, 'bug');
  }
  await standIn.settled();
  return standIn.events
    .filter((event) => event.repo === repository.fullName)
    .map(({ event, payload }) => ({ guid: randomUUID(), event, payload }));
}

/** Subject of the healing that a delivery must reach as evidence; null for those that are no evidence. By the rules of GitHub, not by ours. */
function evidenceFor({ event, payload }: Mail): string | null {
  const said = payload as never as Record<string, { readonly [key: string]: never }>;
  if (event === 'status') return (payload as never as { state: string }).state === 'failure' ? 'branch/main' : null;
  if (event !== 'workflow_run' && event !== 'check_run') return null;
  const run = said[event] as unknown as {
    readonly conclusion: string | null;
    readonly head_branch?: string;
    readonly pull_requests: ReadonlyArray<{ readonly number: number }>;
  };
  if (payload.action !== 'completed' || run.conclusion !== 'failure') return null;
  const [pull] = run.pull_requests;
  if (pull !== undefined) return `pr/${pull.number}`;
  // A job of a branch is told by its workflow run.
  return event === 'workflow_run' ? `branch/${run.head_branch}` : null;
}

/** A shuffle that a seed repeats. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return items
    .map((item) => ({ item, at: next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

/** Runs work for all items, some at once; the milliseconds of each, in their order. */
async function timeAll<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [at, item] of queue) {
      const from = performance.now();
      await work(item);
      times[at] = performance.now() - from;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return times;
}

async function deliver({ guid, event, payload }: Mail): Promise<void> {
  const body = JSON.stringify(payload);
  const answer = await fetch(`${String(ingress.ready['listening'])}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': guid,
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
    body,
  });
  await answer.arrayBuffer();
  if (answer.status !== 202) throw new Error(`${event} ${guid}: ${answer.status}`);
}

/** Runs of a workflow id, and all signals that its newest run was sent. */
async function stored(id: string): Promise<{ readonly runs: readonly string[]; readonly signals: readonly Signal[] }> {
  const runs: string[] = [];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${id}'` })) runs.push(runId);
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const signals = (events ?? []).flatMap((event) => {
    const [payload] = event.workflowExecutionSignaledEventAttributes?.input?.payloads ?? [];
    return payload === undefined ? [] : [defaultPayloadConverter.fromPayload<Signal>(payload)];
  });
  return { runs, signals };
}

const shown = (times: readonly number[]): string => `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;

describe('a storm of deliveries from GitHub', () => {
  it('loses none and doubles none, in any order, with hundreds delivered again', { timeout: 120_000 }, async () => {
    repository = await standIn.repository({ rules: 'none' });
    const mail = await everything();
    expect(mail.length).toBeLessThan(DELIVERIES);
    expect(new Set(mail.map(({ event }) => event))).toEqual(
      new Set(['push', 'pull_request', 'workflow_run', 'workflow_job', 'check_run', 'check_suite', 'status', 'issue_comment', 'create']),
    );
    const again = shuffled(mail, 7).slice(0, DELIVERIES - mail.length);
    const storm = shuffled([...mail, ...again, ...shuffled(mail, 8)].slice(0, DELIVERIES), 9);
    expect(storm).toHaveLength(DELIVERIES);

    // No worker runs: what is acknowledged is stored by Temporal alone.
    const acknowledged = await timeAll(storm, deliver);

    const kept = acknowledged.filter((_, at) => storm[at] !== undefined && evidenceFor(storm[at]) !== null);
    const expected = new Map<string, Set<string>>();
    for (const one of mail) {
      const subject = evidenceFor(one);
      if (subject === null) continue;
      expected.set(subject, (expected.get(subject) ?? new Set()).add(one.guid));
    }
    expect(expected.size).toBe(PULLS + 2);
    const evidence = new Map<string, number>();
    for (const [subject, guids] of expected) {
      const { runs, signals } = await stored(idOf(subject));
      expect([...new Set(runs)]).toHaveLength(1);
      const failed = signals.filter(({ kind }) => kind === 'check-failed');
      expect([subject, new Set(failed.map(({ id }) => id))]).toEqual([subject, guids]);
      evidence.set(subject, signals.length);
    }
    const commands = mail.filter(({ event, payload }) => event === 'issue_comment' && JSON.stringify(payload).includes('/suture status'));
    expect(commands).toHaveLength(6);

    // A worker comes: every healing looks once at what it was told, and every command is obeyed once.
    const looked: string[] = [];
    const obeyed: string[] = [];
    const worker = await openTemporal(
      {
        normalize: async ({ subject }: { readonly subject: string }) => {
          looked.push(subject);
          return { kind: 'no-problem', reason: 'already-green', detail: 'green by now' };
        },
        obeyCommand: async ({ signal }: { readonly signal: Signal }) => {
          obeyed.push(signal.id);
          return { kind: 'obeyed', detail: 'done' };
        },
        recordAudit: async () => undefined,
      },
      { taskQueue },
    );
    try {
      const results = await Promise.all([...expected.keys()].map((subject) => client.workflow.getHandle(idOf(subject)).result()));
      for (const { guid } of commands) await client.workflow.getHandle(commandId(repo(), guid)).result();
      expect([...looked].sort()).toEqual([...expected.keys()].sort());
      expect([...obeyed].sort()).toEqual(commands.map(({ guid }) => guid).sort());
      expect(results.map(({ signals }) => signals)).toEqual([...evidence.values()]);
    } finally {
      await worker.close();
    }
    const begun: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) begun.push(workflowId);
    expect(begun.filter((id) => id.startsWith('heal/')).sort()).toEqual([...expected.keys()].map(idOf).sort());

    const bare = await timeAll(
      Array.from({ length: 200 }, (_, at) => at),
      async (at) => {
        await client.workflow.signalWithStart('Bare', {
          workflowId: `${taskQueue}/bare/${at % expected.size}`,
          taskQueue: `${taskQueue}-bare`,
          signal: 'incidentEvent',
          signalArgs: [{ at }],
          workflowIdConflictPolicy: 'USE_EXISTING',
        });
      },
    );
    for (let at = 0; at < expected.size; at += 1) await client.workflow.getHandle(`${taskQueue}/bare/${at}`).terminate();
    process.stdout.write(
      `storm: ${storm.length} deliveries (${mail.length} different), ${AT_ONCE} at once: acknowledged in ${shown(acknowledged)}; the ${kept.length} that Temporal stored in ${shown(kept)}; a bare signal-with-start in ${shown(bare)}\n`,
    );
  });
});
