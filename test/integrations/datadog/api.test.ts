import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measure } from '../../../src/activities/measure.ts';
import { Failure } from '../../../src/domain/failure.ts';
import type { Milestone } from '../../../src/domain/milestone.ts';
import { LIMITS_ONLY } from '../../../src/domain/policy/judge-reading.ts';
import { judgeWatched } from '../../../src/domain/policy/judge-watched.ts';
import { RepositoryPolicy } from '../../../src/domain/repository-policy.schema.ts';
import { createDatadogClient } from '../../../src/integrations/datadog/client.ts';
import { DatadogConfig } from '../../../src/integrations/datadog/config.ts';
import { diagnose } from '../../../src/integrations/datadog/doctor.ts';
import { createDatadogHealth } from '../../../src/integrations/datadog/health.ts';
import { planSetup } from '../../../src/integrations/datadog/setup.ts';
import { createDatadogTelemetry } from '../../../src/integrations/datadog/telemetry.ts';
import { FAULT_KINDS } from '../../support/datadog/faults.ts';
import { type DatadogStandIn, KEYS, startDatadogStandIn } from '../../support/datadog/stand-in.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let standIn: DatadogStandIn;
const matrix = { passed: 0, total: 0 };
afterAll(() => process.stdout.write(`fault matrix of Datadog: ${matrix.passed}/${matrix.total} passed\n`));
beforeEach(async () => {
  standIn = await startDatadogStandIn();
});
afterEach(async () => {
  if (standIn.objections.length > 0) throw new Error(standIn.objections.join('\n'));
  await standIn.close();
});

const METRICS = { requests: 'auth.requests', errors: 'auth.errors', latency: 'auth.latency', cpu: 'auth.cpu' };
const config = (over: object = {}) =>
  DatadogConfig.parse({ apiUrl: standIn.url, metrics: METRICS, timeoutMs: 300, services: { auth: 'acme/auth' }, ...over });
const secrets =
  (keys: { readonly api?: string; readonly app?: string } = KEYS) =>
  (name: string) => {
    const held = { 'datadog-api-key': keys.api, 'datadog-app-key': keys.app }[name];
    return held === undefined ? [] : [held];
  };
const client = (over: object = {}) => createDatadogClient(config(over), secrets(), 'health-unavailable');
const repo = { owner: 'acme', name: 'auth' };
const services = (monitors: object) => RepositoryPolicy.parse({ version: 1, services: [{ name: 'auth', monitors }] }).services;
const ALL = {
  errorRate: { threshold: 0.05, warning: 0.02 },
  latency: { threshold: 1.5 },
  cpu: { threshold: 80, minutes: 10 },
  tags: ['team:identity'],
};
const URL = 'http://127.0.0.1:9/webhooks/datadog';

async function setUp(monitors: object = ALL, dryRun = false) {
  const steps = await planSetup(client(), config(), { url: URL, token: 'hush', repositories: [{ repo, services: services(monitors) }] });
  if (!dryRun) for (const step of steps) await step.apply();
  return steps.map(({ action, what }) => `${action} ${what}`);
}

describe('setting Datadog up', () => {
  it('creates webhook, secret, monitors and dashboard once; the second time only writes the secret again, which nobody can compare', async () => {
    expect(await setUp()).toEqual([
      'create secret variable SUTURE_WEBHOOK_TOKEN',
      'create webhook suture',
      'create monitor Error rate of auth in production',
      'create monitor Latency of auth in production',
      'create monitor CPU use of auth in production',
      'create dashboard Suture',
    ]);
    expect(await setUp()).toEqual(['update secret variable SUTURE_WEBHOOK_TOKEN']);
    expect([...standIn.monitors.values()].map(({ query }) => query)).toEqual([
      'sum(last_5m):sum:auth.errors{service:auth,env:production}.as_count() / sum:auth.requests{service:auth,env:production}.as_count() > 0.05',
      'avg(last_5m):p95:auth.latency{service:auth,env:production} > 1.5',
      'avg(last_10m):avg:auth.cpu{service:auth,env:production} > 80',
    ]);
    expect(standIn.variables.get('SUTURE_WEBHOOK_TOKEN')).toMatchObject({ value: 'hush', is_secret: true });
    expect(standIn.webhooks.get('suture').custom_headers).not.toContain('hush');
  });

  it('shows the difference and writes nothing in a dry run', async () => {
    expect(await setUp(ALL, true)).toHaveLength(6);
    expect(standIn.calls.filter((call) => !call.startsWith('GET'))).toEqual([]);
  });

  it('follows the policy: a new limit is written, what it does not name any more is removed', async () => {
    await setUp();
    expect(await setUp({ ...ALL, latency: { threshold: 2 }, cpu: undefined })).toEqual([
      'update secret variable SUTURE_WEBHOOK_TOKEN',
      'update monitor Latency of auth in production',
      'remove monitor CPU use of auth in production',
    ]);
    expect([...standIn.monitors.values()].map(({ query }) => query)).toContainEqual(expect.stringContaining('> 2'));
    expect(standIn.monitors.size).toBe(2);
  });

  it('changes and removes nothing that is not ours, whatever it is called', async () => {
    const foreign = {
      name: 'CPU use of auth in production',
      type: 'query alert',
      query: 'avg(last_5m):avg:auth.cpu{*} > 1',
      message: '',
      tags: ['service:auth'],
    };
    const other = { ...foreign, tags: ['managed-by:suture', 'suture-key:shop/production/cpu', 'suture-repo:acme/shop'] };
    standIn.monitors.set(1, { id: 1, ...foreign, options: {} });
    standIn.monitors.set(2, { id: 2, ...other, options: {} });
    await setUp();
    await setUp({});
    expect(standIn.monitors.get(1)).toMatchObject(foreign);
    expect(standIn.monitors.get(2)).toMatchObject(other);
    expect(standIn.monitors.size).toBe(2);
  });
});

describe('the health of a service', () => {
  const now = new Date('2026-11-23T12:00:00.000Z');
  const minutesAgo = (minutes: number) => now.getTime() - minutes * 60_000;
  const tags = ['service:auth', 'env:production'];
  const read = (deployed = 4) =>
    createDatadogHealth(client(), config(), () => now).read({
      repo,
      service: 'auth',
      environment: 'production',
      since: new Date(minutesAgo(deployed)).toISOString(),
      limits: { latency: 1.5 },
    });

  it('is what monitors and metrics say since the deployment', async () => {
    await setUp();
    for (let minute = 30; minute > 4; minute -= 1) standIn.feed('auth.cpu', 40 + (minute % 3), tags, minutesAgo(minute));
    standIn.feed('auth.cpu', 95, tags, minutesAgo(2));
    standIn.feed('auth.latency', 0.4, tags, minutesAgo(2));
    standIn.feed('auth.requests', 1_000, tags, minutesAgo(10));
    standIn.feed('auth.errors', 900, tags, minutesAgo(10));
    standIn.feed('auth.requests', 200, tags, minutesAgo(2));
    standIn.feed('auth.errors', 30, tags, minutesAgo(2));
    standIn.feed('auth.errors', 500, ['service:other', 'env:production'], minutesAgo(2));
    await standIn.evaluate(now.getTime());
    const reading = await read();
    expect(reading).toMatchObject({ requests: 200, errors: 30, errorRate: 0.15, healthy: null });
    expect(reading.metrics).toMatchObject([
      { name: 'latency', value: 0.4, threshold: 1.5 },
      { name: 'cpu', value: 95 },
      { name: 'error rate', value: 0.15 },
    ]);
    expect(reading.monitors?.map(({ state }) => state)).toEqual(['alert', 'ok', 'ok']);
  });

  it('is that of the newest minutes also when the deployment was days ago', async () => {
    standIn.feed('auth.requests', 5_000, tags, minutesAgo(600));
    standIn.feed('auth.requests', 200, tags, minutesAgo(2));
    standIn.feed('auth.errors', 30, tags, minutesAgo(2));
    standIn.feed('auth.cpu', 50, tags, minutesAgo(2));
    expect(await read(3 * 24 * 60)).toMatchObject({
      requests: 200,
      errors: 30,
      metrics: [{ value: null }, { value: 50 }, { value: 0.15 }],
    });
  });

  it('is unknown without data, not well', async () => {
    expect(await read()).toMatchObject({
      requests: 0,
      errorRate: null,
      monitors: [],
      metrics: [{ value: null }, { value: null }, { value: null }],
    });
  });

  it('is not asked for a service whose name is no tag', async () => {
    const asked = createDatadogHealth(client(), config(), () => now).read({ repo, service: 'auth} by {host', environment: 'production' });
    await expect(asked).rejects.toMatchObject({ code: 'configuration-invalid' });
    expect(standIn.calls).toEqual([]);
  });
});

describe('a window of production, judged', () => {
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const now = new Date('2026-11-25T12:00:00.000Z');
  const tags = ['service:auth', 'env:production'];
  const MINUTE = 60_000;
  const DAY = 24 * 60 * MINUTE;
  const [service] = services({ latency: { threshold: 1.5 } });
  if (service === undefined) throw new Error('the policy declares no service');
  /** What an agent reports every ten minutes: requests and latency by the hour of the day, errors as given. */
  const run = (from: number, to: number, slower: number, errors = 0) => {
    for (let at = to - 4 * MINUTE; at >= from; at -= 10 * MINUTE) {
      const busy = 2 + Math.sin(((at % DAY) / DAY) * 2 * Math.PI);
      standIn.feed('auth.requests', Math.round(100 * busy), tags, at);
      standIn.feed('auth.errors', Math.round(100 * busy * errors), tags, at);
      standIn.feed('auth.latency', 0.2 * busy * slower, tags, at);
    }
  };
  const look = (windowMs: number, reported: number, over: object = {}) =>
    measure(
      {
        health: createDatadogHealth(client({ timeoutMs: 20_000 }), config(), () => now),
        now: () => now,
        redact: (text) => text,
        log: silent,
      },
      repo,
      { ...service, ...over },
      { windowMs, reported: new Date(reported).toISOString() },
    );
  const ago = (days: number) => now.getTime() - days * DAY;
  /** The problem was there for an hour before it was healed. */
  const story = (windowMs: number, slower: number, errors = 0) => {
    const healed = now.getTime() - windowMs;
    run(ago(20), healed - 60 * MINUTE, 1);
    run(healed - 60 * MINUTE, healed, 9, 0.9);
    run(healed, now.getTime(), slower, errors);
    return healed - 50 * MINUTE;
  };

  it.each([
    ['a day', DAY],
    ['a week', 7 * DAY],
  ])('of %s is held against the same hours before the problem was reported, within every limit', async (_title, windowMs) => {
    const calm = await look(windowMs, story(windowMs, 1));
    expect(calm).toMatchObject({ ok: true, trend: expect.stringMatching(/^latency, error rate as in the same hours/) });
    expect(judgeWatched({ before: null, after: [calm] })).toMatchObject({ verdict: 'better' });

    standIn.points.length = 0;
    const slow = await look(windowMs, story(windowMs, 2));
    expect(slow).toMatchObject({
      ok: true,
      degraded: ['latency'],
      trend: expect.stringMatching(/^latency at 0\.8\d*, 0\.4\d* in the same hours/),
    });
    expect(judgeWatched({ before: calm, after: [slow, slow] })).toMatchObject({ verdict: 'worse' });
    expect(judgeWatched({ before: slow, after: [slow] })).toMatchObject({ verdict: 'unchanged' });

    standIn.points.length = 0;
    const failing = await look(windowMs, story(windowMs, 1, 0.03), { maxErrorRate: 0.05 });
    expect(failing).toMatchObject({ ok: true, degraded: ['error rate'] });

    // What is a rise is for the policy to say.
    standIn.points.length = 0;
    const patient = await look(windowMs, story(windowMs, 2), { trend: { rise: 3, deviations: 3, hours: 0.75 } });
    expect(patient.degraded).toBeUndefined();
  });

  it('of minutes is held against the hour before the problem was reported, not against the problem', async () => {
    const each = (from: number, to: number, latency: number) => {
      for (let minute = from; minute > to; minute -= 1) {
        standIn.feed('auth.latency', latency + (minute % 3) / 100, tags, now.getTime() - minute * MINUTE);
        standIn.feed('auth.requests', 50, tags, now.getTime() - minute * MINUTE);
      }
    };
    each(120, 60, 0.2);
    each(60, 0, 1.2);
    const reported = now.getTime() - 55 * MINUTE;
    expect(await look(20 * MINUTE, reported)).toMatchObject({ ok: true, degraded: ['latency'] });
    standIn.points.length = 0;
    each(120, 60, 0.2);
    each(60, 10, 1.2);
    each(10, 0, 0.21);
    const healed = await look(20 * MINUTE, reported);
    expect(healed.degraded).toBeUndefined();
    expect(healed.trend).toBe('latency, error rate as in the 60 minutes before it was reported');
  });

  it('says so where nothing is known from before, and then limits alone count', async () => {
    run(ago(1), now.getTime(), 2);
    const first = await look(DAY, ago(1) - 60 * MINUTE);
    expect(first).toMatchObject({ ok: true, trend: LIMITS_ONLY });
    expect(judgeWatched({ before: null, after: [first] })).toMatchObject({
      verdict: 'better',
      detail: expect.stringContaining(LIMITS_ONLY),
    });
    run(ago(1), now.getTime(), 20);
    expect(await look(DAY, ago(1) - 60 * MINUTE)).toMatchObject({ ok: false, why: expect.stringContaining('latency at') });
  });
});

describe('what is shown at Datadog', () => {
  const milestone = (over: Partial<Milestone> = {}): Milestone => ({
    kind: 'deployed',
    healingId: 'heal/acme/auth/branch/main',
    repo,
    subject: 'branch/main',
    at: new Date().toISOString(),
    title: 'test_login fails',
    text: 'live',
    service: 'auth',
    environment: 'production',
    ...over,
  });
  const telemetry = (stateDir: string, app: string = KEYS.app) =>
    createDatadogTelemetry(createDatadogClient(config(), secrets({ ...KEYS, app }), 'notifier-unavailable'), {
      stateDir,
      now: () => Date.now(),
    });
  const point = {
    name: 'suture.healing.ended',
    kind: 'count',
    value: 1,
    at: new Date().toISOString(),
    tags: { outcome: 'healed', class: 'a b|c' },
  } as const;

  it('is each step once, in one group for a healing', async () => {
    const stateDir = temporaryFolder();
    for (const key of ['one', 'one', 'two']) await telemetry(stateDir).milestone(milestone(), key);
    expect(standIn.events).toHaveLength(2);
    expect(new Set(standIn.events.map((event) => event.aggregation_key)).size).toBe(1);
    expect(standIn.events[0]).toMatchObject({ tags: expect.arrayContaining(['source:suture', 'service:auth', 'milestone:deployed']) });
  });

  it('is each number once, with tags in its alphabet', async () => {
    const stateDir = temporaryFolder();
    for (let again = 0; again < 2; again += 1) await telemetry(stateDir).submit([point], 'ended');
    expect(standIn.points).toMatchObject([{ metric: 'suture.healing.ended', value: 1 }]);
    expect([...(standIn.points[0]?.tags ?? [])]).toEqual(['outcome:healed', 'class:a_b_c']);
  });

  it('keeps monitors quiet for a while, once', async () => {
    const stateDir = temporaryFolder();
    for (let again = 0; again < 2; again += 1)
      await telemetry(stateDir).quiet?.({ service: 'auth', environment: 'production', minutes: 5 }, 'quiet');
    expect(standIn.downtimes).toMatchObject([{ scope: 'service:auth AND env:production', schedule: { end: expect.any(String) } }]);
  });

  it.each(FAULT_KINDS)('survives %s at every call and is caught up, each once but what Datadog took without saying so', async (kind) => {
    matrix.total += 3;
    const stateDir = temporaryFolder();
    const hits = [/events$/, /series$/, /downtime$/].map((match) => standIn.fault(kind, match));
    const { milestone: show, submit, quiet, catchUp } = telemetry(stateDir);
    const codes: string[] = [];
    for (const work of [
      () => show(milestone(), 'step'),
      () => submit([point], 'numbers'),
      () => quiet?.({ service: 'auth', environment: 'production', minutes: 5 }, 'quiet'),
    ])
      await work()?.catch((error: unknown) => codes.push(error instanceof Failure ? error.code : String(error)));
    expect(hits.map((each) => each.hits())).toEqual([1, 1, 1]);
    // Half an answer after a 2xx says that it was taken.
    const taken = kind === 'truncated-json';
    const code = kind === 'forbidden' ? 'not-permitted' : kind === 'rate-limited' ? 'rate-limited' : 'notifier-unavailable';
    expect(codes).toEqual(taken ? [] : [code, code, code]);
    const kept = taken || kind === 'forbidden' ? 0 : 3;
    expect(await catchUp?.()).toEqual({ delivered: kept, waiting: 0 });
    expect(await catchUp?.()).toEqual({ delivered: 0, waiting: 0 });
    // A step that was taken and not answered is rolled up with itself by its group; a point at the same time is the same point.
    const times = kind.startsWith('after-effect') ? 2 : taken ? 1 : kept / 3;
    expect([standIn.events.length, standIn.points.length, standIn.downtimes.length]).toEqual([times, times, times]);
    matrix.passed += 3;
  });
});

describe('the calls', () => {
  it.each([
    ['forbidden', 'not-permitted'],
    ['rate-limited', 'rate-limited'],
    ['server-error', 'health-unavailable'],
    ['unavailable', 'health-unavailable'],
    ['reset', 'health-unavailable'],
    ['hang', 'health-unavailable'],
    ['truncated-json', 'health-unavailable'],
  ] as const)('give %s as %s', async (kind, code) => {
    standIn.fault(kind, /monitor$/);
    const failure = await client()
      .call('monitors', 'list monitors', (api) => api.listMonitors({}))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, ...(code === 'rate-limited' ? { retryAfterMs: 7_000 } : {}) });
    expect(String(failure)).not.toContain(KEYS.app);
  });

  it.each(FAULT_KINDS)('of a reading that %s breaks are not taken for a reading, and the next one is whole', async (kind) => {
    const health = createDatadogHealth(client(), config(), () => new Date());
    for (const match of [/GET .*monitor$/, /query$/]) {
      matrix.total += 1;
      const hit = standIn.fault(kind, match);
      const failure = await health.read({ repo, service: 'auth', environment: 'production' }).catch((error: unknown) => error);
      const code = kind === 'forbidden' ? 'not-permitted' : kind === 'rate-limited' ? 'rate-limited' : 'health-unavailable';
      expect(failure).toMatchObject({ code });
      expect(hit.hits()).toBe(1);
      standIn.clearFaults();
      expect(await health.read({ repo, service: 'auth', environment: 'production' })).toMatchObject({ requests: 0 });
      matrix.passed += 1;
    }
  });

  it.each(FAULT_KINDS)('of a set-up that %s breaks anywhere are made good by the next one', async (kind) => {
    for (const match of [/custom-variables$/, /webhooks$/, /POST .*monitor$/, /POST .*dashboard$/]) {
      matrix.total += 1;
      const hit = standIn.fault(kind, match);
      await setUp().catch(() => undefined);
      expect(hit.hits()).toBe(1);
      standIn.clearFaults();
      matrix.passed += 1;
    }
    await setUp();
    expect([standIn.monitors.size, standIn.webhooks.size, standIn.variables.size, standIn.dashboards.size]).toEqual([3, 1, 1, 1]);
  });
});

describe('the doctor', () => {
  it('proves keys, permissions, webhook and a round trip', async () => {
    await setUp();
    const findings = await diagnose(client(), config(), secrets(), 5);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.map(({ name }) => name)).toContain('round trip');
  });

  it('names what is missing with the way out', async () => {
    expect(await diagnose(client(), config(), secrets({ api: KEYS.api }), 5)).toMatchObject([
      { ok: false, detail: expect.stringContaining('docs/datadog.md') },
    ]);
    const wrong = createDatadogClient(config(), secrets({ ...KEYS, app: 'wrong' }), 'health-unavailable');
    const refused = await diagnose(wrong, config(), secrets({ ...KEYS, app: 'wrong' }), 5);
    expect(refused.map(({ ok }) => ok)).toEqual([true, false, false, false, false, false]);
    expect(refused[1]?.detail).toContain('permissions in docs/datadog.md');
    const unset = await diagnose(client(), config(), secrets(), 5);
    expect(unset.filter(({ ok }) => !ok)).toMatchObject([{ name: 'webhook', detail: expect.stringContaining('suture setup datadog') }]);
  });
});
