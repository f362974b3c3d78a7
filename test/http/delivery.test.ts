import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import type { AlertSource } from '../../src/integrations/contract.ts';
import { alert, BEARER, openFront, report, TOKEN } from './support.ts';

const away = async () => {
  throw new Failure('temporal-unavailable', 'the Temporal server does not answer');
};

/** A source whose deliveries hold these signals. */
function sourceOf(signals: readonly Signal[]): AlertSource {
  return { maxBytes: 1024, verify: () => ({ ok: true }), parse: () => ({ kind: 'signals', signals }) };
}

const signal = (id: string, kind: Signal['kind'] = 'check-failed'): Signal => ({
  id,
  source: 'x',
  kind,
  repo: { owner: 'acme', name: 'auth' },
  subject: `pr/${id}`,
  at: '2026-11-23T12:00:00Z',
  actor: { id: 'x', trust: 'system' },
  summary: 'x',
  facts: {},
});

describe('POST /webhooks/<source>', () => {
  it('answers 202 after the signal is stored, and names its healing', async () => {
    const { post, reported, received } = await openFront({ webUiUrl: (each) => `http://ui/${each.subject}` });
    const answer = await post('datadog', alert(), TOKEN);
    expect([answer.status, answer.json]).toEqual([
      202,
      { accepted: ['datadog:4711:c1:Triggered:1'], healings: ['heal/acme/auth/monitor/4711:env:prod'] },
    ]);
    expect(answer.text).not.toContain('\n');
    expect(reported[0]?.input).toMatchObject({
      repo: { owner: 'acme', name: 'auth' },
      subject: 'monitor/4711:env:prod',
      settings: { autonomyCeiling: 'propose' },
      webUiUrl: 'http://ui/monitor/4711:env:prod',
    });
    expect(received).toEqual(['datadog:4711:c1:Triggered:1']);
  });

  it('waits with the answer until Temporal has stored the signal', async () => {
    const order: string[] = [];
    let store: () => void = () => {};
    const stored = new Promise<void>((resolve) => {
      store = resolve;
    });
    const { post } = await openFront({
      report: async () => {
        order.push('asked');
        await stored;
        order.push('stored');
        return { healingId: 'heal/a/b/pr/1', runId: 'run' };
      },
    });
    const answered = post('manual', report(), BEARER).then(() => order.push('answered'));
    await expect.poll(() => order).toEqual(['asked']);
    store();
    await answered;
    expect(order).toEqual(['asked', 'stored', 'answered']);
  });

  it('gives repeats of a delivery the same id and the same healing', async () => {
    const { post, reported } = await openFront();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('manual', report(), BEARER)));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
    expect(new Set(reported.map((each) => `${each.signal.id} ${each.signal.subject}`))).toEqual(
      new Set(['manual:ticket 7 manual/ticket-7']),
    );
  });

  it('sends a recovery to the healing that runs and starts none', async () => {
    const { post, reported, forwarded } = await openFront();
    const answer = await post('datadog', alert({ alert_transition: 'Recovered' }), TOKEN);
    expect([answer.status, answer.json['healings']]).toEqual([202, ['heal/acme/auth/monitor/4711:env:prod']]);
    expect([reported.length, forwarded.map((each) => each.healingId)]).toEqual([0, ['heal/acme/auth/monitor/4711:env:prod']]);
  });

  it('ignores a recovery when nothing runs, and says so', async () => {
    const { post } = await openFront({ forward: async () => false });
    const answer = await post('datadog', alert({ alert_transition: 'Recovered' }), TOKEN);
    expect([answer.status, answer.json]).toEqual([202, { ignored: 'no healing is running that this concerns' }]);
  });

  it.each<[Signal['kind'], 'reported' | 'forwarded']>([
    ['check-failed', 'reported'],
    ['alert-triggered', 'reported'],
    ['requested', 'reported'],
    ['patrol-found', 'reported'],
    ['check-passed', 'forwarded'],
    ['alert-recovered', 'forwarded'],
    ['head-moved', 'forwarded'],
    ['change-closed', 'forwarded'],
    ['change-merged', 'forwarded'],
    ['deployment-finished', 'forwarded'],
  ])('has %s %s', async (kind, where) => {
    const front = await openFront({ sources: new Map([['x', sourceOf([signal('1', kind)])]]) });
    await front.post('x', '{}');
    expect([front.reported.length, front.forwarded.length]).toEqual(where === 'reported' ? [1, 0] : [0, 1]);
  });

  it('begins no healing for what is wrong with a fix of ours', async () => {
    const failed = { ...signal('1'), facts: { own: 'true' } };
    const { post, reported, forwarded } = await openFront({ sources: new Map([['x', sourceOf([failed])]]) });
    expect((await post('x', '{}')).status).toBe(202);
    expect([reported.length, forwarded.length]).toEqual([0, 1]);
  });

  it('says what it ignores and why', async () => {
    const { post, reported } = await openFront();
    const answer = await post('datadog', alert({ tags: 'service:other' }), TOKEN);
    expect(answer.status).toBe(202);
    expect(answer.json['ignored']).toContain('integrations.datadog.services');
    expect(reported).toEqual([]);
  });

  it('asks to come again when Temporal is away', async () => {
    const { post, logged } = await openFront({ report: away });
    const answer = await post('datadog', alert(), TOKEN);
    expect([answer.status, answer.headers['retry-after'], answer.json]).toEqual([
      503,
      '5',
      { error: 'temporal-unavailable: send this delivery again' },
    ]);
    expect(logged.map((line) => line.level)).toEqual(['warn']);
  });

  it('asks to come again when the disk is full', async () => {
    const { post } = await openFront({
      received: async () => {
        throw new Failure('disk-full', 'no space left');
      },
    });
    expect((await post('datadog', alert(), TOKEN)).status).toBe(503);
  });

  it('repeats the whole delivery after it was cut off between two signals, under the same ids', async () => {
    const reported: string[] = [];
    let failing = true;
    const { post } = await openFront({
      sources: new Map([['x', sourceOf([signal('1'), signal('2')])]]),
      report: async (_input, each) => {
        if (each.id === '2' && failing) return away();
        reported.push(each.id);
        return { healingId: `heal/acme/auth/${each.subject}`, runId: 'run' };
      },
    });
    expect((await post('x', '{}')).status).toBe(503);
    failing = false;
    expect((await post('x', '{}')).json).toEqual({ accepted: ['1', '2'], healings: ['heal/acme/auth/pr/1', 'heal/acme/auth/pr/2'] });
    expect(reported).toEqual(['1', '1', '2']);
  });

  it('answers 500 with one line and no detail for a bug of ours, and logs it', async () => {
    const { post, logged } = await openFront({
      report: async () => {
        throw new TypeError('secret detail');
      },
    });
    const answer = await post('manual', report(), BEARER);
    expect([answer.status, answer.text]).toEqual([500, '{"error":"internal error"}']);
    expect(logged.map((line) => line.level)).toEqual(['error']);
  });

  it.each([['nobody'], ['__proto__'], ['constructor'], ['%2e%2e'], ['datadog%00']])('answers 404 for the source %s', async (source) => {
    const { post } = await openFront();
    expect((await post(source, '{}')).status).toBe(404);
  });

  it('answers 400 for a path that cannot be decoded', async () => {
    const { post } = await openFront();
    expect((await post('%zz', '{}')).status).toBe(400);
  });
});

describe('the rest of the front door', () => {
  it('says that the process is up, whatever Temporal does', async () => {
    const { get } = await openFront({ ping: away });
    expect((await get('/healthz')).json).toEqual({ status: 'up' });
  });

  it('is ready only while Temporal answers', async () => {
    const { get } = await openFront();
    expect((await get('/readyz')).json).toEqual({ status: 'ready' });
    const alone = await openFront({ ping: away });
    const answer = await alone.get('/readyz');
    expect([answer.status, answer.json]).toEqual([503, { status: 'not ready', reason: 'Temporal does not answer' }]);
  });

  it('asks Temporal once for all who ask at the same time', async () => {
    let pings = 0;
    let answer: () => void = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { get } = await openFront({
      ping: async () => {
        pings += 1;
        await answered;
      },
    });
    const asked = Promise.all([get('/readyz'), get('/readyz'), get('/readyz')]);
    await expect.poll(() => pings).toBe(1);
    answer();
    await asked;
    expect(pings).toBeLessThanOrEqual(2);
  });

  it('has nothing else and does not say what it is made of', async () => {
    const { get } = await openFront();
    for (const path of ['/', '/webhooks', '/webhooks/manual', '/webhooks/manual/more', '/api', '/metrics', '/healthz/..%2f']) {
      const answer = await get(path);
      expect([path, answer.status, answer.json]).toEqual([path, 404, { error: 'not found' }]);
      expect(answer.headers['x-powered-by']).toBeUndefined();
    }
  });
});
