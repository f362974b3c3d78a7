import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Normalized } from '../../src/activities/contract.ts';
import type { CoordinatorInput } from '../../src/domain/coordinator-input.ts';
import { coordinatorId, healingId } from '../../src/domain/ids.ts';
import type { AdmissionAnswer, CoordinatorView, SlotRequest } from '../../src/domain/messages.ts';
import type { TemporalWorld } from '../support/temporal.ts';
import { openTemporal } from '../support/temporal.ts';
import { alertSummary, happy, incident, input, inTurn, Scripts, signal, untilCancelled } from './script.ts';
import { report, result, until } from './world.ts';

let temporal: TemporalWorld;
let scripts: Scripts;
const inputs = new Map<string, Partial<CoordinatorInput>>();

beforeAll(async () => {
  scripts = new Scripts(async ({ repo, request }) => {
    await temporal.workflows.signalWithStart('RepoCoordinator', {
      workflowId: coordinatorId(repo),
      taskQueue: temporal.taskQueue,
      args: [{ repo, ...inputs.get(repo.name) }],
      signal: 'requestSlot',
      signalArgs: [request],
    });
  });
  temporal = await openTemporal(scripts.activities());
});
afterAll(() => temporal.close());

const ada = { id: 'ada', trust: 'maintainer' } as const;
const ref = (name: string) => ({ owner: 'acme', name });
const coordinator = (name: string): WorkflowHandle => temporal.workflows.getHandle(coordinatorId(ref(name)));
const shown = (name: string): Promise<CoordinatorView> => coordinator(name).query<CoordinatorView>('coordinatorView');
const start = (name: string, subject: string, timings: Parameters<typeof input>[1] = {}) => {
  const given = input(name, { ...timings, rest: { subject } });
  return report(temporal, given, signal(name, { id: subject, subject }));
};
async function eventually(what: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Lets one healing after the other through by its own word. */
class Gate {
  readonly entered: string[] = [];
  readonly #waiting = new Map<string, () => void>();
  most = 0;
  inside = 0;

  async pass(who: string): Promise<void> {
    this.entered.push(who);
    this.inside += 1;
    this.most = Math.max(this.most, this.inside);
    await new Promise<void>((resolve) => this.#waiting.set(who, resolve));
    this.inside -= 1;
  }

  open(who: string): void {
    this.#waiting.get(who)?.();
  }
}

/** Reason is where a healing holds its slot; then nothing applies and it ends. */
const working = (gate: Gate) => ({
  normalize: async ({ subject }: { subject: string }) => ({
    kind: 'incident' as const,
    incident: incident({ signature: `sig-${subject}` }),
  }),
  reason: async ({ healingId: id }: { healingId: string }) => {
    await gate.pass(id.split('/').slice(3).join('/'));
    return { kind: 'none' as const, diagnosis: { class: 'unknown' as const, cause: '', confidence: 0, evidence: [] }, refusals: [] };
  },
});

describe('the coordinator of a repository', () => {
  it('lets 100 healings through 3 slots, never more at once, none lost, while it continues as new every 20 messages', async () => {
    const name = 'hundred';
    inputs.set(name, { continueAfter: 20 });
    const atWork = new Set<string>();
    let most = 0;
    scripts.script(name, {
      normalize: async ({ subject }) => ({ kind: 'incident', incident: incident({ signature: `sig-${subject}` }) }),
      reason: async ({ healingId: id }) => {
        atWork.add(id);
        most = Math.max(most, atWork.size);
        return { kind: 'none', diagnosis: { class: 'unknown', cause: '', confidence: 0, evidence: [] }, refusals: [] };
      },
      // The last step before the slot is handed back.
      updateClaim: async ({ facts }) => {
        if (facts.outcome) atWork.delete(facts.healingId);
      },
    });
    const handles = await Promise.all(Array.from({ length: 100 }, (_, index) => start(name, `pr/${index + 1}`)));
    const outcomes = await Promise.all(handles.map(async (handle) => (await result(handle)).outcome.reason));
    expect(outcomes).toEqual(Array.from({ length: 100 }, () => 'no-strategy'));
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
    await eventually(async () => (await shown(name)).ledger.length === 100);
    const started = (await coordinator(name).fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes;
    expect(started?.continuedExecutionRunId).not.toBe('');
    expect(await shown(name)).toMatchObject({ leases: [], waiting: [] });
  }, 120_000);

  it('goes on in a new run by itself long before the server would ask for it', async () => {
    const name = 'long';
    const gate = new Gate();
    scripts.script(name, working(gate));
    const healing = await start(name, 'pr/1');
    await eventually(() => gate.entered.length === 1);
    const first = (await coordinator(name).describe()).runId;
    for (let sent = 0; sent < 200; sent += 1) await coordinator(name).signal('setRepositoryPaused', { paused: sent % 2 === 1, actor: ada });
    await eventually(async () => (await coordinator(name).describe()).runId !== first);
    await eventually(async () => (await shown(name)).paused);
    expect((await coordinator(name).describe()).historyLength).toBeLessThan(1_000);
    expect((await shown(name)).leases).toHaveLength(1);
    gate.open('pr/1');
    await result(healing);
  });

  it('grants by urgency, then by arrival', async () => {
    const name = 'order';
    const gate = new Gate();
    scripts.script(name, {
      ...working(gate),
      normalize: async ({ subject }) => ({
        kind: 'incident',
        incident: incident({
          signature: `sig-${subject}`,
          headSha: subject.padEnd(40, '0').slice(0, 40),
          ...(subject === 'monitor/1' ? { kind: 'alert' as const } : {}),
        }),
      }),
    });
    const one = { settings: { caps: { attempts: 3, probes: 4, slotsPerRepository: 1, signals: 20 } } };
    const handles = [await start(name, 'pr/1', one)];
    await eventually(() => gate.entered.length === 1);
    for (const subject of ['pr/2', 'pr/3', 'monitor/1']) {
      const handle = await start(name, subject, one);
      handles.push(handle);
      await until(handle, 'waiting-for-slot');
    }
    expect((await shown(name)).waiting.map((id) => id.split('/').slice(3).join('/'))).toEqual(['monitor/1', 'pr/2', 'pr/3']);
    for (const who of ['pr/1', 'monitor/1', 'pr/2', 'pr/3']) {
      await eventually(() => gate.entered.includes(who));
      gate.open(who);
    }
    await Promise.all(handles.map(result));
    expect(gate.entered).toEqual(['pr/1', 'monitor/1', 'pr/2', 'pr/3']);
  });

  it('grants nothing while paused, tells everybody, and goes on when resumed', async () => {
    const name = 'paused';
    const gate = new Gate();
    scripts.script(name, working(gate));
    const first = await start(name, 'pr/1');
    await eventually(() => gate.entered.length === 1);
    await coordinator(name).signal('setRepositoryPaused', { paused: true, actor: ada });
    await until(first, (now) => now.paused);
    const second = await start(name, 'pr/2');
    await until(second, 'waiting-for-slot');
    gate.open('pr/1');
    expect(gate.entered).toEqual(['pr/1']);
    expect((await shown(name)).paused).toBe(true);
    await coordinator(name).signal('setRepositoryPaused', { paused: false, actor: ada });
    await eventually(() => gate.entered.includes('pr/2'));
    gate.open('pr/2');
    await Promise.all([result(first), result(second)]);
  });

  it('frees the slot of a healing that was terminated, once its lease ran out, and extends the lease of one that works', async () => {
    const name = 'lease';
    const gate = new Gate();
    scripts.script(name, {
      ...working(gate),
      findClosedHealings: async ({ healings }) => {
        const states = await Promise.all(
          healings.map(async ({ healingId: id, runId }) => ({
            id,
            status: (await temporal.workflows.getHandle(id, runId).describe()).status.name,
          })),
        );
        return states.filter(({ status }) => status !== 'RUNNING').map(({ id }) => id);
      },
    });
    const short = { timings: { slotLeaseMs: 500 }, settings: { caps: { attempts: 3, probes: 4, slotsPerRepository: 1, signals: 20 } } };
    const dead = await start(name, 'pr/1', short);
    await eventually(() => gate.entered.length === 1);
    const waiting = await start(name, 'pr/2', short);
    await eventually(() => scripts.calls(name, 'findClosedHealings').length > 0);
    expect(gate.entered).toEqual(['pr/1']);
    await dead.terminate();
    await eventually(() => gate.entered.includes('pr/2'));
    gate.open('pr/1');
    gate.open('pr/2');
    expect((await result(waiting)).outcome.reason).toBe('no-strategy');
  });

  for (const [name, order] of [
    ['alert-after', ['pr/1', 'monitor/1']],
    ['alert-first', ['monitor/1', 'pr/1']],
  ] as const) {
    it(`makes one incident of a failure and an alert: ${name}`, async () => {
      const gate = new Gate();
      scripts.script(name, {
        ...working(gate),
        judgeAdmission: async ({ request, open }) => {
          const other = open.find((each) => each.shas.some((sha) => request.shas.includes(sha)));
          return other ? { kind: 'merge-into', healingId: other.healingId, why: 'same commit' } : { kind: 'granted', attemptsUsed: 0 };
        },
        forwardSignals: async ({ into, signals }) => {
          for (const each of signals) await temporal.workflows.getHandle(into).signal('incidentEvent', each);
          return { delivered: true };
        },
      });
      const first = await start(name, order[0]);
      await eventually(() => gate.entered.length === 1);
      const second = await start(name, order[1]);
      expect((await result(second)).outcome).toMatchObject({
        kind: 'merged-into',
        reason: 'correlated',
        detail: expect.stringContaining(order[0]),
      });
      await until(first, (now) => now.signals === 2);
      gate.open(order[0]);
      expect((await result(first)).outcome.reason).toBe('no-strategy');
    });
  }

  it('does not send a healing twice to a primary that is gone', async () => {
    const name = 'gone';
    const dead = healingId(ref(name), 'pr/1');
    scripts.script(name, {
      ...working(new Gate()),
      reason: happy.reason,
      judgeAdmission: async ({ open }) =>
        open.some((each) => each.healingId === dead)
          ? { kind: 'merge-into', healingId: dead, why: 'same commit' }
          : { kind: 'granted', attemptsUsed: 0 },
      findClosedHealings: async () => [dead],
      forwardSignals: async () => ({ delivered: false }),
      requestSlot: async ({ repo, request }) => {
        const ghost: SlotRequest = { ...request, healingId: dead, runId: 'gone', slots: 1 };
        const carried = {
          paused: false,
          pausedBy: null,
          inbox: [],
          waiting: [],
          leases: [{ request: ghost, attemptsUsed: 0, expiresAt: Date.now() + 60_000 }],
          ledger: [],
          merges: [],
          orders: 0,
          ledgerVersion: 0,
        };
        await temporal.workflows.signalWithStart('RepoCoordinator', {
          workflowId: coordinatorId(repo),
          taskQueue: temporal.taskQueue,
          args: [{ repo, carried }],
          signal: 'requestSlot',
          signalArgs: [request],
        });
      },
    });
    expect((await result(await start(name, 'pr/2'))).outcome.kind).toBe('healed');
    expect(scripts.calls(name, 'forwardSignals')).toHaveLength(1);
  });

  it('remembers what was used and that a person said no, shows it to the judge, and forgets it after its time', async () => {
    const name = 'ledger';
    scripts.script(name, { decideChange: async () => ({ decision: 'ask', autonomy: 'merge', reasons: [] }) });
    const short = { timings: { ledgerTtlMs: 3_000 } };
    const handle = await start(name, 'pr/1', short);
    await until(handle, 'awaiting-approval');
    await handle.executeUpdate('decideApproval', {
      args: [{ id: 'x', verdict: 'reject', changeSetHash: 'c'.repeat(64), actor: ada, via: 'cli' }],
    });
    await result(handle);
    await eventually(async () => (await shown(name)).ledger.length === 1);
    expect((await shown(name)).ledger[0]).toMatchObject({
      signature: 'sig-1',
      attempts: 1,
      lastOutcome: 'rejected: person-said-no',
      personSaidNo: true,
    });
    scripts.script(name, {
      judgeAdmission: async ({ ledger }): Promise<AdmissionAnswer> =>
        ledger[0]?.personSaidNo
          ? { kind: 'refused', reason: 'person-said-no-before', detail: 'remembered' }
          : { kind: 'granted', attemptsUsed: 0 },
    });
    expect((await result(await start(name, 'pr/2', short))).outcome).toMatchObject({ kind: 'abstained', reason: 'person-said-no-before' });
    await coordinator(name).result();
    expect((await coordinator(name).describe()).status.name).toBe('COMPLETED');
  });

  it('judges an alert again once it is known what it is about, and it keeps its slot', async () => {
    const name = 'found-out';
    const gate = new Gate();
    const unexplained: Normalized = {
      kind: 'cannot',
      reason: 'no-command',
      title: 'alert',
      detail: 'no check is red',
      alert: alertSummary({ waitMs: 60_000 }),
    };
    scripts.script(name, {
      ...working(gate),
      normalize: inTurn<unknown, Normalized>(unexplained, { kind: 'incident', incident: incident({ signature: 'the-check' }) }),
      judgeAdmission: async ({ request }) => ({ kind: 'granted', attemptsUsed: request.signature === 'the-check' ? 2 : 0 }),
    });
    const handle = await start(name, 'monitor/1');
    await until(handle, 'correlating');
    expect((await shown(name)).leases).toHaveLength(1);
    await handle.signal('incidentEvent', signal(name, { id: 'check', facts: { check: 'other' } }));
    await eventually(() => gate.entered.length === 1);
    expect((await shown(name)).leases).toHaveLength(1);
    expect(scripts.calls(name, 'judgeAdmission').map(({ input: given }) => given.request.signature)).toEqual(['alert-auth', 'the-check']);
    gate.open('monitor/1');
    expect(await result(handle)).toMatchObject({ attempts: 1, outcome: { reason: 'no-strategy' } });
    await eventually(async () => (await shown(name)).ledger.some(({ signature }) => signature === 'the-check'));
  });

  it('tells the judge what people split, as long as failures are remembered', async () => {
    const name = 'split';
    const [one, other] = [healingId(ref(name), 'pr/1'), healingId(ref(name), 'pr/2')];
    const apart = scripts.calls.bind(scripts, name, 'judgeAdmission');
    const gate = new Gate();
    scripts.script(name, working(gate));
    const first = await start(name, 'pr/1', { timings: { ledgerTtlMs: 3_000 } });
    await eventually(() => gate.entered.length === 1);
    await coordinator(name).signal('setApart', { healings: [other, one] });
    const second = await start(name, 'pr/2', { timings: { ledgerTtlMs: 3_000 } });
    await eventually(() => gate.entered.length === 2);
    expect(apart().map(({ input: given }) => given.apart)).toEqual([[], [one]]);
    gate.open('pr/1');
    gate.open('pr/2');
    await Promise.all([result(first), result(second)]);
    // It ends by itself once nothing is left to remember.
    await coordinator(name).result();
  });

  it('answers a repeated request of one run the same without a second slot', async () => {
    const name = 'twice';
    scripts.script(name, {
      reason: () => untilCancelled(),
      requestSlot: async ({ repo, request }) => {
        for (let again = 0; again < 3; again += 1) {
          await temporal.workflows.signalWithStart('RepoCoordinator', {
            workflowId: coordinatorId(repo),
            taskQueue: temporal.taskQueue,
            args: [{ repo }],
            signal: 'requestSlot',
            signalArgs: [request],
          });
        }
      },
    });
    const handle = await start(name, 'pr/1');
    await until(handle, 'reasoning');
    expect((await shown(name)).leases).toHaveLength(1);
    await handle.cancel();
    await result(handle);
    expect(scripts.calls(name, 'judgeAdmission').length).toBeLessThanOrEqual(1);
  });
});
