import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotRequest } from '../../src/domain/messages.ts';
import { label, plain } from '../../src/workflows/plain.ts';
import { SignalsInbox, withinBudget } from '../../src/workflows/signals-inbox.ts';
import { slimPair } from '../../src/workflows/slim-runs.ts';
import { Slots } from '../../src/workflows/slots.ts';
import { run, sha, signal } from './script.ts';

describe('text from outside in markdown', () => {
  it('keeps no character with a meaning unescaped, and stays one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const shown = plain(text, 100);
        expect(shown).not.toMatch(/[\n\r\u202e]/);
        expect(shown).not.toMatch(/(^|[^\\])(\\\\)*[`*_[\]<>#|!~]/);
      }),
    );
  });

  it('makes neither link nor tag of a summary, and shows no escapes in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(label(text, 100)).not.toMatch(/[\n\r\u202e[\]<>`]|\w:\/\//);
      }),
    );
    expect(label('merge pull request #7 of test_login', 100)).toBe('merge pull request #7 of test_login');
  });

  it('is no link that a reader would follow', () => {
    expect(plain('see https://evil.example and [x](y)')).toBe('see https:\\/\\/evil.example and \\[x\\](y)');
  });
});

describe('the inbox of signals', () => {
  it('stays within its cap in a storm and still takes what changes the course', () => {
    const inbox = new SignalsInbox(5);
    for (let index = 0; index < 500; index += 1) inbox.accept(signal('r', { id: `d-${index}`, facts: { check: `check-${index}` } }));
    expect(inbox.signals).toHaveLength(5);
    expect(inbox.total).toBe(500);
    expect(inbox.accept(signal('r', { id: 'closed', kind: 'change-closed' }))).toBe(true);
    expect(inbox.accept(signal('r', { id: 'new-head', sha: sha('b') }))).toBe(true);
    expect(inbox.accept(signal('r', { id: 'new-head', sha: sha('b') }))).toBe(false);
    expect(inbox.signals).toHaveLength(5);
  });

  it('takes the failures of two workflows on one commit for two, and each only once', () => {
    const inbox = new SignalsInbox(10);
    const failed = (id: string, workflow: string) => inbox.accept(signal('r', { id, facts: { workflow } }));
    expect([failed('d-1', 'CI'), failed('d-2', 'Docs'), failed('d-3', 'CI')]).toEqual([true, true, false]);
  });

  it('takes an alert in also when it is full of what is none, whoever has looked at it', () => {
    const inbox = new SignalsInbox(5);
    const passed = (index: number) => signal('r', { id: `d-${index}`, kind: 'check-passed', sha: sha(String(index % 10)) });
    const { sha: _, ...alert } = signal('r', { id: 'alert', kind: 'alert-triggered', service: 'auth', facts: {} });
    for (let index = 0; index < 20; index += 1) inbox.accept(passed(index));
    expect(inbox.accept(alert)).toBe(true);
    for (let index = 20; index < 40; index += 1) inbox.accept(passed(index));
    expect(inbox.drain().map(({ id }) => id)).toContain('alert');
    expect(inbox.accept({ ...alert, id: 'again' })).toBe(false);
  });

  it('goes on in the next run with its counts, with what it has seen and with what nobody has looked at', () => {
    const first = new SignalsInbox(5);
    for (const id of ['d-1', 'd-2', 'd-3', 'd-3']) first.accept(signal('r', { id, sha: sha(id.slice(-1)) }));
    expect(first.takeNews(({ id }) => id === 'd-1').map(({ id }) => id)).toEqual(['d-1']);
    first.accept(signal('r', { id: 'd-4', sha: sha('4') }));
    const next = new SignalsInbox(5, JSON.parse(JSON.stringify(first.handOver())) as ReturnType<SignalsInbox['handOver']>);
    expect([next.total, next.repeats, next.taken, next.waiting]).toEqual([5, 3, 0, 1]);
    expect([next.accept(signal('r', { id: 'd-2' })), next.accept(signal('r', { id: 'd-5', sha: sha('5') }))]).toEqual([false, true]);
    expect([next.total, next.taken]).toEqual([7, 2]);
    expect(next.drain().map(({ id }) => id)).toEqual(['d-4', 'd-5']);
  });

  it('hands over the first signal and the newest ones that fit', () => {
    const signals = Array.from({ length: 50 }, (_, index) => signal('r', { id: `d-${index}` }));
    const kept = withinBudget(signals, 2_000).map((each) => each.id);
    expect(kept[0]).toBe('d-0');
    expect(kept.at(-1)).toBe('d-49');
    expect(JSON.stringify(withinBudget(signals, 2_000)).length).toBeLessThan(2_200);
  });
});

describe('runs that are slimmed for a judge', () => {
  it('always name a test that fails newly, however many failed before', () => {
    const names = Array.from({ length: 50 }, (_, index) => `test_${index}_${'x'.repeat(100)}`);
    const report = run().report;
    if (report === undefined) throw new Error('the sample has a report');
    const pair = slimPair(
      run({ report: { ...report, failedTests: names } }),
      run({ report: { ...report, failedTests: [...names, 'zz_new'] } }),
      10,
    );
    expect(pair.after.report?.failedTests).toEqual(['zz_new']);
  });
});

describe('slots', () => {
  const request = (number: number, over: Partial<SlotRequest> = {}): SlotRequest => ({
    healingId: `heal/a/b/pr/${number}`,
    runId: `run-${number}`,
    subject: `pr/${number}`,
    signature: `sig-${number}`,
    title: '',
    kind: 'code',
    shas: [sha('a')],
    priority: 3,
    since: '2026-11-23T10:00:00.000Z',
    slots: 1,
    leaseMs: 1_000,
    attemptsCap: 3,
    ledgerTtlMs: 1_000,
    ...over,
  });
  const entry = (number: number) => ({ request: request(number), attemptsUsed: 0, order: number, judgedAt: 0 });

  it('are never granted above the cap: that is a fault and stops', () => {
    const slots = new Slots(undefined);
    slots.grant(entry(1), 1, 0);
    expect(() => slots.grant(entry(2), 1, 0)).toThrow('2th slot of 1');
  });

  it("let a merged healing's commits and service count for its primary", () => {
    const slots = new Slots(undefined);
    slots.grant(entry(1), 1, 0);
    slots.merge(request(2, { shas: [sha('b')], service: 'auth' }), request(1).healingId);
    expect(slots.openBeside(request(3))[0]).toMatchObject({ shas: [sha('a'), sha('b')], service: 'auth' });
  });

  it('show the related healings first and never more than a few', () => {
    const slots = new Slots(undefined);
    for (let number = 1; number <= 60; number += 1) slots.enqueue(request(number, { shas: [sha(number === 60 ? 'c' : 'a')] }), 0);
    const shown = slots.openBeside(request(99, { shas: [sha('c')] }));
    expect(shown).toHaveLength(20);
    expect(shown[0]?.healingId).toBe('heal/a/b/pr/60');
  });

  it('add up attempts per signature, remember a no, and forget both in time', () => {
    const slots = new Slots(undefined);
    const release = {
      healingId: 'h',
      runId: 'r',
      signature: 's',
      attemptsUsed: 2,
      outcome: 'rejected',
      reason: 'person-said-no',
      coolUntil: '',
    } as const;
    slots.release(release, 100, 0);
    slots.release({ ...release, attemptsUsed: 1, reason: 'verified' }, 100, 10);
    expect(slots.ledgerFor('s')).toMatchObject([{ attempts: 3, personSaidNo: true }]);
    slots.prune(111);
    expect(slots.ledgerFor('s')).toEqual([]);
  });

  it('stay small enough to be handed over, however much waits and is remembered: what a person said and what did harm goes last', () => {
    const slots = new Slots(undefined);
    const long = 'x'.repeat(100);
    const shas = Array.from({ length: 50 }, (_, number) => number.toString(16).padStart(40, '0'));
    for (let number = 1; number <= 5_000; number += 1)
      slots.enqueue(request(number, { healingId: `${long}${number}`, title: long, shas, priority: number === 5_000 ? 1 : 3 }), 0);
    const release = { healingId: 'h', runId: 'r', attemptsUsed: 1, outcome: 'healed', coolUntil: '2026-11-23T10:00:00.000Z' } as const;
    slots.release({ ...release, signature: 'no', reason: 'person-said-no' }, 100, 0);
    slots.release({ ...release, signature: 'bad', reason: 'worse-after-deploy', service: 'auth' }, 100, 0);
    for (let number = 0; number < 5_000; number += 1)
      slots.release({ ...release, signature: `${number}`.padStart(64, '0'), reason: 'verified' }, 100, 0);
    expect(JSON.stringify(slots.state()).length).toBeLessThan(1_500_000);
    expect(slots.waiting[0]?.request.healingId).toBe(`${long}5000`);
    expect(slots.waiting[1]?.request.healingId).toBe(`${long}1`);
    expect(slots.ledger.map((line) => line.signature)).toEqual(expect.arrayContaining(['no', 'bad', '4999'.padStart(64, '0')]));
  });

  it('remember where a fix did harm, shown first and not forgotten in time, until a person wants to go on', () => {
    const slots = new Slots(undefined);
    const release = { healingId: 'h', runId: 'r', attemptsUsed: 1, coolUntil: '' } as const;
    slots.release({ ...release, signature: 'bad', outcome: 'reverted', reason: 'worse-after-deploy', service: 'auth' }, 100, 0);
    for (let number = 0; number < 40; number += 1)
      slots.release({ ...release, signature: `s${number}`, outcome: 'healed', reason: 'verified' }, 100, 0);
    expect(slots.ledgerFor('s39').map((line) => [line.signature, line.harmed?.service])).toContainEqual(['bad', 'auth']);
    const carried = new Slots({ ...slots.state(), paused: false, pausedBy: null, inbox: [] });
    carried.prune(1_000_000);
    expect(carried.ledgerFor('new')).toMatchObject([{ signature: 'bad', harmed: { service: 'auth' } }]);
    carried.forgive();
    carried.prune(1_000_000);
    expect(carried.ledger).toEqual([]);
  });

  it('know whose fix is still watched until its time is over or it asks for a slot again', () => {
    const slots = new Slots(undefined);
    const watchUntil = new Date(1_000).toISOString();
    const release = {
      runId: 'r',
      signature: 's',
      attemptsUsed: 1,
      outcome: 'healed',
      reason: 'verified',
      coolUntil: '',
      service: 'auth',
      watchUntil,
    } as const;
    slots.release({ ...release, healingId: request(1).healingId }, 100, 0);
    slots.release({ ...release, healingId: request(2).healingId }, 100, 0);
    expect(slots.idle).toBe(false);
    slots.forgetEarlierRuns(request(1));
    expect(slots.view(false).watching).toMatchObject([{ healingId: request(2).healingId, service: 'auth' }]);
    slots.prune(1_001);
    expect(slots.view(false).watching).toEqual([]);
    expect(slots.idle).toBe(true);
  });
});
