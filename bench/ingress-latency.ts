import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { loadConfig, settingsFrom } from '../src/config/index.ts';
import { healingId } from '../src/domain/ids.ts';
import { HEALING_MESSAGES, WORKFLOW_TYPES } from '../src/domain/messages.ts';
import type { Signal } from '../src/domain/signal.schema.ts';
import { createDatadogSource } from '../src/integrations/datadog/alert-source.ts';
import { integrations } from '../src/integrations/registry.ts';
import { datadog, delivery, openSender } from './deliveries.ts';
import { type Figure, more, type Part } from './figure.ts';
import { ms, summary, timed } from './statistics.ts';
import { type BenchWorld, withWorld } from './world.ts';

const WARM_UPS = 100;
const PAIRS = 300;
const TARGET_MS = 3;
const TARGET_SHARE = 0.1;
/** Monitors of the bare calls, so that both sides work on healings of their own. */
const BARE = 1_000_000;
const REPEATED = 999_999;

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** The call that the ingress makes for a delivery, without the ingress: one gRPC request with the same content. */
function bareCaller(world: BenchWorld): (monitor: number, moment: string) => Promise<unknown> {
  const { config } = loadConfig({ stateDir: world.stateDir, env: {}, integrations });
  const settings = settingsFrom(config);
  const source = createDatadogSource({
    config: { services: datadog().services, headerName: 'x-suture-token' },
    stateDir: world.stateDir,
    secret: () => [],
    readArtifact: () => Promise.reject(new Error('deliveries hold no artifacts')),
  });
  const signalOf = (monitor: number, moment: string): Signal => {
    const parsed = source.parse({ headers: {}, body: Buffer.from(delivery(monitor, moment)), receivedAt: new Date() });
    const [signal] = parsed.kind === 'signals' ? parsed.signals : [];
    if (signal === undefined) throw new Error(`the delivery is not read: ${JSON.stringify(parsed)}`);
    return signal;
  };
  return (monitor, moment) => {
    const signal = signalOf(monitor, moment);
    const { repo, subject } = signal;
    return world.connection.client.workflow.signalWithStart(WORKFLOW_TYPES.healing, {
      workflowId: healingId(repo, subject),
      taskQueue: config.temporal.taskQueue,
      args: [{ repo, subject, settings }],
      signal: HEALING_MESSAGES.incidentEvent,
      signalArgs: [signal],
      workflowIdConflictPolicy: 'USE_EXISTING',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: keyword('SutureRepo'), value: `${repo.owner}/${repo.name}` },
        { key: keyword('SutureSubject'), value: subject },
        { key: keyword('SutureState'), value: 'received' },
      ]),
    });
  };
}

function figures(name: string, ours: readonly number[], bare: readonly number[]): readonly Figure[] {
  const a = summary(ours);
  const b = summary(bare);
  const allowed = Math.max(TARGET_MS, TARGET_SHARE * b.p50);
  return [
    {
      name: `ingress, ${name}, p50`,
      ours: ms(a.p50),
      plain: `${ms(b.p50)} bare call`,
      apart: more(a.p50 - b.p50),
      target: `<= +${ms(allowed)}`,
      met: a.p50 - b.p50 <= allowed,
    },
    { name: `ingress, ${name}, p99`, ours: ms(a.p99), plain: `${ms(b.p99)} bare call`, apart: more(a.p99 - b.p99), target: '-', met: null },
  ];
}

/** Deliveries over HTTP to the real ingress beside bare `signalWithStart` calls with the same content on the same server, interleaved; no worker runs. */
export async function benchIngress(stop: AbortSignal): Promise<Part> {
  return await withWorld({ integrations: { datadog: datadog() } }, 'file', async (world) => {
    const ingress = await world.start('ingress', new URL('../src/ingress.ts', import.meta.url));
    const sender = openSender(String(ingress.ready['listening']), world.stateDir);
    const bare = bareCaller(world);
    try {
      const measure = async (prefix: string, rounds: number, monitorOf: (round: number) => number) => {
        const ours: number[] = [];
        const plain: number[] = [];
        for (let round = 0; round < rounds; round++) {
          stop.throwIfAborted();
          const moment = `${prefix}-${round}`;
          const turns = [
            async () => ours.push(await timed(() => sender.send(monitorOf(round), moment))),
            async () => plain.push(await timed(() => bare(BARE + monitorOf(round), moment))),
          ];
          // Who goes first changes, so that neither always pays for what the other left behind.
          for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
        }
        return { ours, plain };
      };
      await measure('warm-up', WARM_UPS, (round) => round);
      const distinct = await measure('distinct', PAIRS, (round) => WARM_UPS + round);
      const repeated = await measure('repeated', PAIRS, () => REPEATED);
      return {
        figures: [...figures('new subjects', distinct.ours, distinct.plain), ...figures('repeated subject', repeated.ours, repeated.plain)],
        notes: [
          `ingress: ${PAIRS} pairs each after ${WARM_UPS} to warm up, interleaved, one at a time; HTTP kept alive, secret checked, arrival in the audit trail on disk; the bare call has the same workflow, payload and search attributes; no worker`,
        ],
        numbers: {
          newSubjects: { ours: summary(distinct.ours), bare: summary(distinct.plain) },
          repeatedSubject: { ours: summary(repeated.ours), bare: summary(repeated.plain) },
        },
      };
    } finally {
      sender.close();
    }
  });
}
