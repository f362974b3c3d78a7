import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES, type Failure } from '../../../src/domain/failure.ts';
import type { HandOver } from '../../../src/domain/hand-over.schema.ts';
import type { HealingCard } from '../../../src/domain/healing-card.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Notifier } from '../../../src/integrations/contract.ts';
import { PagerDutyConfig } from '../../../src/integrations/pagerduty/config.schema.ts';
import { pagerduty } from '../../../src/integrations/pagerduty/index.ts';
import { dedupKey } from '../../../src/integrations/pagerduty/notifier.ts';
import { type PagerDutyStandIn, type PagerFault, ROUTING_KEY, startPagerDutyStandIn } from '../../support/pagerduty/stand-in.ts';

const folder = mkdtempSync(join(tmpdir(), 'suture-pagerduty-'));
let standIn: PagerDutyStandIn;
let made = 0;
beforeAll(async () => {
  standIn = await startPagerDutyStandIn();
});
afterAll(async () => {
  await standIn.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A notifier and a healing of their own. */
function fresh(config: object = {}, key: string | null = ROUTING_KEY) {
  made += 1;
  const healingId = `heal/acme/shop/pr/${made}`;
  const notifier = pagerduty.notifier?.({
    config: PagerDutyConfig.parse({ eventsUrl: standIn.url, timeoutMs: 300, ...config }),
    stateDir: join(folder, String(made)),
    secret: () => (key === null ? [] : [key]),
    readArtifact: async () => new Uint8Array(),
  });
  return { healingId, notifier: notifier as Notifier, incidents: () => standIn.incidents.filter((one) => one.key === dedupKey(healingId)) };
}

const bundle = (healingId: string, more: Partial<HandOver> = {}): HandOver => ({
  healingId,
  repo: { owner: 'acme', name: 'shop' },
  subject: 'branch/main',
  outcome: { kind: 'escalated', reason: 'no-strategy', detail: 'Nothing applies.' },
  title: 'tests fails on main',
  hypotheses: [{ text: 'config.yaml changed', evidence: ['check tests failed'] }],
  tried: [{ strategy: 'revert', result: 'stays red' }],
  owner: 'Payments',
  service: 'shop',
  commands: ['git fetch origin'],
  webUiUrl: 'http://127.0.0.1:8233/x',
  ...more,
});

const card = (healingId: string, more: Partial<HealingCard>): HealingCard => ({
  healingId,
  repo: { owner: 'acme', name: 'shop' },
  subject: 'branch/main',
  since: '2026-11-23T00:00:00.000Z',
  state: 'proving',
  attempt: 1,
  title: 'tests fails',
  lines: [],
  ...more,
});
const ended = (kind: Outcome['kind']): Partial<HealingCard> => ({ outcome: { kind, reason: 'verified', detail: 'done' } });

describe('a page', () => {
  it('is one incident per healing, acknowledged when somebody decides and resolved when nobody is needed any more', async () => {
    const { healingId, notifier, incidents } = fresh();
    await notifier.handOver(bundle(healingId), 'h');
    await notifier.handOver(bundle(healingId), 'h');
    await notifier.notify({ healingId, kind: 'escalation', text: 'a person is needed' }, 'n');
    expect(incidents()).toMatchObject([{ state: 'triggered', summaries: [expect.stringContaining('no-strategy'), 'a person is needed'] }]);
    expect(incidents()[0]?.last).toMatchObject({
      payload: {
        source: 'acme/shop',
        severity: 'error',
        component: 'shop',
        custom_details: { owner: 'Payments', commands: 'git fetch origin' },
      },
      links: [{ href: 'http://127.0.0.1:8233/x' }],
    });
    await notifier.card?.(card(healingId, { decision: { verdict: 'approve', by: 'maria' } }), 'c');
    expect(incidents()[0]?.state).toBe('acknowledged');
    await notifier.card?.(card(healingId, ended('healed')), 'c');
    expect(incidents().map((one) => one.state)).toEqual(['resolved']);
    expect(standIn.problems).toEqual([]);
  });

  it('is never resolved or acknowledged where nobody was paged', async () => {
    const { healingId, notifier, incidents } = fresh();
    await notifier.card?.(card(healingId, ended('healed')), 'c');
    await notifier.notify({ healingId, kind: 'outcome', text: 'healed', outcome: 'healed' }, 'o');
    await notifier.notify({ healingId, kind: 'approval-wanted', text: 'please' }, 'a');
    expect(incidents()).toEqual([]);
  });

  it('stays open when a healing gives up, and comes for what the configuration names', async () => {
    const { healingId, notifier, incidents } = fresh({ pages: ['approval-wanted'] });
    await notifier.handOver(bundle(healingId), 'h');
    expect(incidents()).toEqual([]);
    await notifier.notify({ healingId, kind: 'approval-wanted', text: 'please' }, 'a');
    await notifier.card?.(card(healingId, ended('escalated')), 'c');
    expect(incidents()).toMatchObject([{ state: 'triggered', last: { payload: { severity: 'warning' } } }]);
  });

  it('takes any text: long, of many lines, with a link that is none', async () => {
    const { healingId, notifier, incidents } = fresh();
    const long = 'x\n\u202e'.repeat(3_000);
    await notifier.handOver(
      bundle(healingId, { title: long, webUiUrl: 'javascript:alert(1)', hypotheses: [{ text: long, evidence: [long] }] }),
      'h',
    );
    expect(incidents()).toHaveLength(1);
    expect(incidents()[0]?.last).not.toHaveProperty('links');
    expect(standIn.problems).toEqual([]);
  });

  it('is not sent without a routing key', () => {
    expect(fresh({}, null).notifier).toBeNull();
  });
});

describe('PagerDuty in trouble', () => {
  const KINDS: ReadonlyArray<readonly [PagerFault, Failure['code']]> = [
    ['bad-request', 'not-permitted'],
    ['forbidden', 'not-permitted'],
    ['limit', 'rate-limited'],
    ['server-error', 'notifier-unavailable'],
    ['reset', 'notifier-unavailable'],
    ['hang', 'notifier-unavailable'],
    ['garbage', 'notifier-unavailable'],
    ['after-effect', 'notifier-unavailable'],
  ];
  const ACTIONS = ['trigger', 'acknowledge', 'resolve'] as const;
  let passed = 0;
  afterAll(() => process.stdout.write(`fault matrix of PagerDuty: ${passed}/${KINDS.length * ACTIONS.length} passed\n`));

  it.each(KINDS)('%s: is said as %s, caught up where that can help, and pages once', async (fault, code) => {
    for (const action of ACTIONS) {
      const { healingId, notifier, incidents } = fresh();
      const trigger = () => notifier.handOver(bundle(healingId), 'h');
      if (action !== 'trigger') await trigger();
      standIn.fail(fault);
      const go = {
        trigger,
        acknowledge: () => notifier.card?.(card(healingId, { decision: { verdict: 'reject', by: 'maria' } }), 'c'),
        resolve: () => notifier.card?.(card(healingId, ended('healed')), 'c'),
      }[action];
      const failure = (await Promise.resolve(go()).then(
        () => null,
        (error: unknown) => error,
      )) as Failure | null;
      expect(failure?.code).toBe(code);
      if (fault === 'limit') expect(failure?.retryAfterMs).toBe(7_000);
      // Whoever prints it, with all that hangs on it, prints no key.
      expect(`${failure?.stack} ${JSON.stringify(failure?.cause ?? '')}`).not.toContain(ROUTING_KEY);
      const helps = FAILURES[code].retry;
      expect(await notifier.catchUp?.()).toEqual({ delivered: helps ? 1 : 0, waiting: 0 });
      const state = { trigger: 'triggered', acknowledge: 'acknowledged', resolve: 'resolved' }[action];
      expect(incidents().map((one) => one.state)).toEqual(helps ? [state] : action === 'trigger' ? [] : ['triggered']);
      if (helps) await go();
      expect(incidents()).toHaveLength(helps || action !== 'trigger' ? 1 : 0);
      passed += 1;
    }
    expect(standIn.problems).toEqual([]);
  });

  it('away when it was to page, back when that is settled: nobody is paged any more', async () => {
    const { healingId, notifier, incidents } = fresh();
    standIn.fail('server-error');
    await expect(notifier.handOver(bundle(healingId), 'h')).rejects.toMatchObject({ code: 'notifier-unavailable' });
    await notifier.card?.(card(healingId, ended('healed')), 'c');
    await notifier.catchUp?.();
    expect(incidents().filter((one) => one.state !== 'resolved')).toEqual([]);
  });

  it('away for both: what was paged late is resolved after it', async () => {
    const { healingId, notifier, incidents } = fresh();
    for (const work of [
      () => notifier.handOver(bundle(healingId), 'h'),
      () => notifier.notify({ healingId, kind: 'outcome', text: 'healed', outcome: 'healed' }, 'o'),
    ]) {
      standIn.fail('server-error');
      await expect(work()).rejects.toMatchObject({ code: 'notifier-unavailable' });
    }
    expect(await notifier.catchUp?.()).toEqual({ delivered: 2, waiting: 0 });
    expect(incidents().map((one) => one.state)).toEqual(['resolved']);
  });
});

describe('the doctor of PagerDuty', () => {
  it.each([
    [null, false, 'missing'],
    ['short', false, 'not 32'],
    [ROUTING_KEY, true, 'form'],
  ])('says what can be known of a routing key without paging: %s', async (key, ok, said) => {
    const findings = await pagerduty.doctor?.({
      config: PagerDutyConfig.parse({}),
      stateDir: folder,
      secret: () => (key === null ? [] : [key]),
      readArtifact: async () => new Uint8Array(),
    });
    expect(findings).toMatchObject([{ ok, detail: expect.stringContaining(said) }]);
  });
});
