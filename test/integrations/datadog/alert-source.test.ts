import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { Signal } from '../../../src/domain/signal.schema.ts';
import { datadog } from '../../../src/integrations/datadog/index.ts';
import { DATADOG_PAYLOAD } from '../../../src/integrations/datadog/payload.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const ago = (minutes: number) => String(NOW.getTime() - minutes * 60_000);

const config = datadog.configSchema.parse({ services: { auth: 'acme/auth-service', shop: 'acme/shop' } });
const source = datadog.alertSource?.({
  config,
  stateDir: '/nowhere',
  secret: () => ['the-newer-secret', 'the-older-secret'],
  readArtifact: async () => new Uint8Array(),
});
if (source === undefined) throw new Error('datadog has no alert source');

const alert = (more: Record<string, unknown> = {}) => ({
  ...DATADOG_PAYLOAD,
  id: '7001',
  date: ago(1),
  last_updated: ago(1),
  alert_id: '4711',
  alert_title: '[P2] %%%Errors on /api/auth/login%%%',
  alert_transition: 'Triggered',
  alert_cycle_key: 'c1',
  alert_scope: 'env:prod,service:auth',
  tags: 'env:prod,monitor,service:auth',
  ...more,
});
const parse = (value: unknown) => source.parse({ headers: {}, body: Buffer.from(JSON.stringify(value)), receivedAt: NOW });
const one = (value: unknown): Signal => {
  const parsed = parse(value);
  if (parsed.kind !== 'signals' || parsed.signals[0] === undefined) throw new Error(JSON.stringify(parsed));
  return Signal.parse(parsed.signals[0]);
};
const verify = (headers: Record<string, string>) => source.verify({ headers, body: Buffer.from('{}'), receivedAt: NOW });

describe('the Datadog payload', () => {
  it('quotes every variable, because Datadog splices text', () => {
    for (const value of Object.values(DATADOG_PAYLOAD)) expect(value).toMatch(/^\$[A-Z_]+$/);
  });
});

describe('docs/datadog.md', () => {
  const page = readFileSync(new URL('../../../docs/datadog.md', import.meta.url), 'utf8');

  it('shows the payload that is read', () => {
    expect(JSON.parse(/```json\n([^]*?)```/.exec(page)?.[1] ?? '')).toEqual(DATADOG_PAYLOAD);
  });

  it('shows a configuration that is accepted', () => {
    const shown = parseYaml(/```yaml\n(integrations:[^]*?)```/.exec(page)?.[1] ?? '') as { integrations: { datadog: unknown } };
    expect(datadog.configSchema.parse(shown.integrations.datadog)).toMatchObject({ services: { auth: 'acme/auth-service' } });
  });
});

describe('verify', () => {
  it('accepts both secrets of a rotation', () => {
    for (const token of ['the-newer-secret', 'the-older-secret']) expect(verify({ 'x-suture-token': token })).toEqual({ ok: true });
  });

  it.each([
    ['no header', {}],
    ['an empty header', { 'x-suture-token': '' }],
    ['a shorter secret', { 'x-suture-token': 'the-newer-secre' }],
    ['a longer secret', { 'x-suture-token': 'the-newer-secret-' }],
    ['another case', { 'x-suture-token': 'THE-NEWER-SECRET' }],
    ['the secret in another header', { authorization: 'the-newer-secret' }],
    ['the header twice', { 'x-suture-token': 'the-newer-secret, the-newer-secret' }],
  ])('refuses %s', (_what, headers) => {
    expect(verify(headers as Record<string, string>).ok).toBe(false);
  });
});

describe('parse', () => {
  it('makes one signal with what a healing needs', () => {
    expect(one(alert({ alert_status: '15.2 > 5', link: 'https://app.datadoghq.com/monitors/4711' }))).toEqual({
      id: 'datadog:4711:c1:Triggered:7001',
      source: 'datadog',
      kind: 'alert-triggered',
      repo: { owner: 'acme', name: 'auth-service' },
      subject: 'monitor/4711:env:prod-service:auth',
      at: '2026-11-23T11:59:00.000Z',
      actor: { id: 'datadog', trust: 'system' },
      summary: '[P2] Errors on /api/auth/login',
      service: 'auth',
      facts: {
        monitor: '4711',
        transition: 'Triggered',
        cycle: 'c1',
        scope: 'env:prod,service:auth',
        status: '15.2 > 5',
        link: 'https://app.datadoghq.com/monitors/4711',
      },
    });
  });

  it.each([
    ['Triggered', 'alert-triggered'],
    ['Re-Triggered', 'alert-triggered'],
    ['Warn', 'alert-triggered'],
    ['No Data', 'alert-triggered'],
    ['Renotify', 'alert-triggered'],
    ['Recovered', 'alert-recovered'],
  ])('takes the transition %s as %s', (transition, kind) => {
    expect(one(alert({ alert_transition: transition })).kind).toBe(kind);
  });

  it('keeps trigger, repeat and recovery of one group on one subject with ids of their own', () => {
    const signals = [
      alert(),
      alert({ id: '7002', alert_transition: 'Re-Triggered' }),
      alert({ id: '7003', alert_transition: 'Recovered' }),
    ].map(one);
    expect(new Set(signals.map((signal) => signal.subject)).size).toBe(1);
    expect(new Set(signals.map((signal) => signal.id)).size).toBe(3);
  });

  it('gives a redelivery the id of the first delivery', () => {
    expect(one(alert()).id).toBe(one(alert()).id);
  });

  it('keeps groups of one monitor apart, however long their names', () => {
    const long = 'host:a'.repeat(40);
    const subjects = ['env:prod', 'env:dev', `${long}1`, `${long}2`, 'ключ:значение', '', undefined].map(
      (scope) => one(alert({ alert_scope: scope })).subject,
    );
    expect(new Set(subjects).size).toBe(6);
    expect(subjects.at(-1)).toBe('monitor/4711:all');
  });

  it('never cuts ids of different deliveries to the same text', () => {
    const cycle = 'k'.repeat(400);
    expect(one(alert({ alert_cycle_key: `${cycle}1` })).id).not.toBe(one(alert({ alert_cycle_key: `${cycle}2` })).id);
    expect(one(alert({ alert_cycle_key: 'a\u001b[31m' })).id).toMatch(/^datadog:sha256-[0-9a-f]{40}$/);
  });

  it('takes the first service that is configured', () => {
    expect(one(alert({ tags: 'service:other, service:shop,service:auth' }))).toMatchObject({ service: 'shop', repo: { name: 'shop' } });
  });

  it('cleans outside text of what a terminal or a page acts on', () => {
    const { summary, facts } = one(alert({ alert_title: 'a\r\nb\u001b[31mc\u202ed', alert_scope: 'x\u0000y' }));
    expect(summary).toBe('a bc[U+202E]d');
    expect(facts['scope']).toBe('xy');
  });

  it('stays small whatever arrives', () => {
    const huge = Object.fromEntries(Object.keys(DATADOG_PAYLOAD).map((key) => [key, 'x'.repeat(5_000)]));
    const signal = one({ ...huge, alert_id: '1', alert_transition: 'Triggered', date: ago(1), tags: 'service:auth' });
    expect(JSON.stringify(signal).length).toBeLessThan(3_000);
  });

  it('takes the time of arrival when the delivery has none', () => {
    expect(one(alert({ date: '' })).at).toBe(NOW.toISOString());
  });

  it.each([
    [
      'the payload of the Test button, variables empty',
      Object.fromEntries(Object.keys(DATADOG_PAYLOAD).map((key) => [key, ''])),
      /test delivery/,
    ],
    ['the payload of the Test button, variables unexpanded', DATADOG_PAYLOAD, /test delivery/],
    ["Datadog's default payload", { body: 'x', title: 'y', date: ago(1), org: { id: '1', name: 'acme' }, id: '1' }, /payload of docs/],
    ['an empty object', {}, /test delivery/],
    ['a transition that is not known', alert({ alert_transition: 'Null' }), /transition/],
    ['a transition named like an inherited property', alert({ alert_transition: 'toString' }), /transition/],
    ['an alert id of another form', alert({ alert_id: '../x' }), /alert id/],
    ['no service', alert({ tags: 'env:prod' }), /no `service:` tag/],
    ['an empty service', alert({ tags: 'service:' }), /no `service:` tag/],
    [
      'a service that is not configured',
      alert({ tags: 'service:billing' }),
      /`billing` is not in the configuration; add it to `integrations\.datadog\.services`/,
    ],
    ['a service named like an inherited property', alert({ tags: 'service:hasOwnProperty' }), /not in the configuration/],
    ['an old delivery', alert({ date: ago(61) }), /older than an hour/],
    ['a delivery from the future', alert({ date: ago(-6) }), /from the future/],
  ])('ignores %s and says why', (_what, value, reason) => {
    expect(parse(value)).toEqual({ kind: 'ignored', reason: expect.stringMatching(reason) });
  });

  it('tolerates a clock that is a little ahead', () => {
    expect(one(alert({ date: ago(-4) })).kind).toBe('alert-triggered');
  });

  it.each([['[]'], ['"text"'], ['null'], ['7'], ['']])('calls %s invalid', (text) => {
    expect(source.parse({ headers: {}, body: Buffer.from(text), receivedAt: NOW }).kind).toBe('invalid');
  });
});

describe('configuration', () => {
  it.each([['acme'], ['acme/'], ['acme/a/b'], ['../etc'], ['acme/..'], ['acme/a b']])('refuses %s as a repository', (repository) => {
    expect(datadog.configSchema.safeParse({ services: { auth: repository } }).success).toBe(false);
  });
});
