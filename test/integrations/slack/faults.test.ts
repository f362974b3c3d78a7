import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES, Failure } from '../../../src/domain/failure.ts';
import type { Signal } from '../../../src/domain/signal.schema.ts';
import { FAULT_KINDS, type FaultKind } from '../../support/slack/faults.ts';
import { type SlackStandIn, startSlackStandIn } from '../../support/slack/stand-in.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cardOf, waitingCard, workerOf } from './support.ts';

/** A stand-in that hangs is given up on after this long. */
const TIMEOUT_MS = 300;
/** Tries of one step, as Temporal repeats an activity. */
const TRIES = 4;
/** Runs at the same time, each with a stand-in of its own: faults are one stand-in's. */
const LANES = 3;
const GROUP = 'S0APPROVE1';

/** Kinds that say no for good; Suture says it later then, when a person has mended it. */
const FINAL: ReadonlySet<FaultKind> = new Set<FaultKind>(['invalid-auth', 'refused']);

interface Run {
  readonly ended: string;
  readonly problems: readonly string[];
}

async function step<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure) || !FAILURES[error.code].retry || tried >= TRIES) throw error;
    }
  }
}

/** Everything that a healing says in Slack from its beginning to its end, and a click in between. */
async function heal(standIn: SlackStandIn, healing: string, forgets: boolean): Promise<Run> {
  let stateDir = temporaryFolder();
  const channel = standIn.channels['healings'] ?? '';
  const mara = standIn.users['mara'] ?? '';
  const about = { healingId: `heal/acme/shop/${healing}`, subject: healing, title: `${healing} fails.` };
  const worker = () => {
    if (forgets) stateDir = temporaryFolder();
    return workerOf(standIn, stateDir, { config: { approvers: [GROUP], timeoutMs: TIMEOUT_MS } });
  };
  const line = (kind: 'reminder' | 'outcome', text: string) =>
    step(() => worker().notifier.notify({ healingId: about.healingId, kind, text }, `${healing}/${kind}`));
  const trouble: string[] = [];
  let decided = false;
  /** A notifier that is down stops no healing: what failed is noted, and the rest goes on. */
  const tolerate = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => trouble.push(error instanceof Failure ? error.code : `threw ${String(error)}`));
  };

  await tolerate(step(() => worker().notifier.card(cardOf(about), healing)));
  await tolerate(step(() => worker().notifier.card(waitingCard(about), healing)));
  await tolerate(line('reminder', `${healing} waits.`));
  const shown = (await standIn.messages(channel)).find((message) => message.text.includes(about.title));
  const signal: Signal = {
    id: `slack-${healing}`,
    source: 'slack',
    kind: 'commanded',
    repo: { owner: 'acme', name: 'shop' },
    subject: healing,
    at: new Date().toISOString(),
    actor: { id: `slack:${mara}`, trust: 'outsider' },
    summary: 'approve',
    facts: { command: 'approve', card: shown?.metadata.event_payload.key ?? '', channel, message: shown?.ts ?? '1.0', user: mara },
  };
  await tolerate(
    step(async () => {
      const { desk } = worker();
      const actor = await desk.identify(signal.repo, signal.actor.id);
      const old = await desk.outdated?.(signal);
      if (actor.trust !== 'maintainer' || (old ?? null) !== null) throw new Error(`${actor.trust} ${String(old)}`);
      decided = true;
      await desk.answer(signal, actor, { kind: 'obeyed', detail: `approved ${healing}.` });
    }),
  );
  const stranger = { ...signal, id: `slack-stranger-${healing}` };
  await tolerate(
    step(() => worker().desk.answer(stranger, { id: 'slack:U0OLAF0001', trust: 'outsider' }, { kind: 'refused', detail: 'no' })),
  );
  await tolerate(
    step(() =>
      worker().notifier.card(cardOf({ ...about, state: 'closed', outcome: { kind: 'healed', reason: 'verified', detail: '' } }), healing),
    ),
  );
  await tolerate(line('outcome', `${healing} is healed.`));

  standIn.clearFaults();
  if (!forgets) await workerOf(standIn, stateDir, { config: { approvers: [GROUP] } }).notifier.catchUp();
  const problems: string[] = [];
  const all = await standIn.messages(channel);
  const cards = all.filter((message) => message.metadata?.event_type === 'suture_card' && message.text.includes(about.title));
  if (cards.length !== 1) problems.push(`${cards.length} cards`);
  if (cards.some((card) => !card.text.includes('Healed'))) problems.push(`the card says ${cards[0]?.text}`);
  const thread = cards[0] === undefined ? [] : await standIn.messages(channel, cards[0].ts);
  const said = [...new Map([...all, ...thread].map((message) => [message.ts, message])).values()];
  // Nobody decides whom Slack does not vouch for.
  for (const [text, expected] of [
    [`${healing} waits.`, 1],
    [`${healing} is healed.`, 1],
    [`approved ${healing}.`, decided ? 1 : 0],
  ] as const) {
    const times = said.filter((message) => message.text.includes(text)).length;
    if (times !== expected) problems.push(`"${text}" is there ${times} times`);
  }
  if (standIn.whispers.filter((whisper) => whisper.thread === shown?.ts).length > 1) problems.push('a whisper twice');
  return { ended: trouble.join(', ') || 'well', problems };
}

let standIns: readonly SlackStandIn[];
beforeAll(async () => {
  standIns = await Promise.all(Array.from({ length: LANES }, () => startSlackStandIn()));
  for (const standIn of standIns) standIn.setGroup(GROUP, [standIn.users['mara'] ?? '']);
});
afterAll(() => Promise.all(standIns.map((standIn) => standIn.close())));

describe('whatever goes wrong at Slack', () => {
  it('there is one card and each message once, and the card shows how it ended', { timeout: 600_000 }, async () => {
    const [first] = standIns;
    if (first === undefined) throw new Error('no stand-in');
    expect(await heal(first, 'pr/1', false)).toEqual({ ended: 'well', problems: [] });
    const counts = new Map<string, number>();
    for (const { method } of first.calls) counts.set(method, (counts.get(method) ?? 0) + 1);
    const methods = [...counts.keys()].sort();
    expect(methods).toEqual(
      expect.arrayContaining([
        'auth.test',
        'chat.postEphemeral',
        'chat.postMessage',
        'chat.update',
        'conversations.history',
        'conversations.replies',
        'usergroups.users.list',
      ]),
    );
    // Each kind at the first call of each method, and at the last: what comes before has left something behind by then.
    const runs = FAULT_KINDS.flatMap((kind) =>
      methods.flatMap((method) => [...new Set([1, counts.get(method) ?? 1])].map((nth) => ({ kind, method, nth, forgets: false }))),
    );
    // A worker that remembers nothing, as after a move to another machine, finds everything at Slack.
    runs.push(
      ...(['after-effect', 'truncated-json', 'reset-mid-body'] as const).flatMap((kind) =>
        methods.map((method) => ({ kind, method, nth: 1, forgets: true })),
      ),
    );
    const total = runs.length;
    const failures: string[] = [];
    let passed = 0;
    let number = 1;
    await Promise.all(
      standIns.map(async (standIn) => {
        for (let next = runs.shift(); next !== undefined; next = runs.shift()) {
          const { kind, method, nth, forgets } = next;
          number += 1;
          const healing = `pr/${number}`;
          const fault = standIn.fault({ kind, method, nth, seconds: 7 });
          const { ended, problems } = await heal(standIn, healing, forgets);
          const all = [...problems];
          if (fault.hits() !== 1) all.push('the fault was not met');
          if (!FINAL.has(kind) && ended !== 'well') all.push(`ended: ${ended}`);
          if (ended.includes('threw')) all.push(ended);
          if (all.length === 0) passed += 1;
          else failures.push(`${kind} at ${method} ${nth}${forgets ? ', forgetting' : ''}: ${all.join(', ')}`);
        }
      }),
    );
    process.stdout.write(`fault matrix of Slack: ${passed}/${total} passed\n`);
    expect(failures).toEqual([]);
    expect(passed).toBe(total);
    expect(standIns.flatMap((standIn) => standIn.violations)).toEqual([]);
  });
});
