import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAction } from '../../../src/domain/policy/choose-action.ts';
import { filledCall, ProductionAction } from '../../../src/domain/production-action.schema.ts';
import { Autonomy } from '../../../src/domain/verdict.schema.ts';

const restart = ProductionAction.parse({
  title: 'restart auth',
  kind: 'http',
  autonomy: 'alone',
  services: ['auth'],
  perDay: 2,
  parameters: { zone: { values: ['eu', 'us'] } },
  call: { url: 'http://ops.internal/restart/{zone}' },
});
const flagOff = ProductionAction.parse({ title: 'flag off', kind: 'http', call: { url: 'http://ops.internal/flag' } });
const defined = { restart, 'flag-off': flagOff };
const choose = (over: Partial<Parameters<typeof chooseAction>[0]> = {}) =>
  chooseAction({
    wanted: [
      { name: 'restart', with: {} },
      { name: 'flag-off', with: {} },
    ],
    defined,
    service: 'auth',
    autonomy: 'deploy',
    tried: [],
    doneToday: {},
    ...over,
  });

describe('which action is next', () => {
  it.each([
    ['the first, with defaults, alone', {}, { name: 'restart', choices: { zone: 'eu' }, decision: 'allow' }],
    ['what the policy chose', { wanted: [{ name: 'restart', with: { zone: 'us' } }] }, { choices: { zone: 'us' } }],
    ['a person is asked below deploy', { autonomy: 'merge' as const }, { name: 'restart', decision: 'ask' }],
    ['a person is asked where the server says so', { tried: ['restart'] }, { name: 'flag-off', decision: 'ask' }],
    ['the next, when the first was done too often today', { doneToday: { restart: 2 } }, { name: 'flag-off' }],
    [
      'the next, when the first is how a service is deployed',
      {
        defined: {
          ...defined,
          restart: ProductionAction.parse({ title: 'ship', kind: 'deploy', call: { url: 'http://ops.internal/{environment}/{sha}' } }),
        },
      },
      { name: 'flag-off' },
    ],
    ['the next, for another service', { service: 'shop' }, { name: 'flag-off' }],
    [
      'the next, for a value off the list',
      {
        wanted: [
          { name: 'restart', with: { zone: 'mars' } },
          { name: 'flag-off', with: {} },
        ],
      },
      { name: 'flag-off' },
    ],
  ])('%s', (_title, over, expected) => {
    expect(choose(over)).toMatchObject({ kind: 'action', ...expected });
  });

  it.each([
    ['nothing is wanted', { wanted: [] }, /names no action/],
    ['the policy only diagnoses', { autonomy: 'diagnose' as const }, /stops at/],
    ['all were tried', { tried: ['restart', 'flag-off'] }, /restart was tried; flag-off was tried/],
    ['it is not defined', { wanted: [{ name: 'drop-database', with: {} }] }, /not defined on this server/],
    ['it is a name of Object', { wanted: [{ name: 'constructor', with: {} }] }, /not defined/],
    ['a parameter is unknown', { wanted: [{ name: 'restart', with: { host: 'eu' } }] }, /takes no host/],
  ])('none: %s', (_title, over, why) => {
    expect(choose(over)).toMatchObject({ kind: 'none', detail: expect.stringMatching(why) });
  });

  it('whatever a policy asks for, only what the server defined is done, with values from its lists', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.oneof(fc.constantFrom('restart', 'flag-off'), fc.string()),
            with: fc.dictionary(fc.oneof(fc.constant('zone'), fc.string()), fc.oneof(fc.constantFrom('eu', 'us'), fc.string())),
          }),
          { maxLength: 5 },
        ),
        fc.constantFrom(...Autonomy.options),
        (wanted, autonomy) => {
          const chosen = choose({ wanted, autonomy });
          if (chosen.kind === 'none') return;
          const action = chosen.name === 'restart' ? restart : chosen.name === 'flag-off' ? flagOff : undefined;
          expect(action).toBeDefined();
          for (const [key, value] of Object.entries(chosen.choices)) expect(action?.parameters[key]?.values).toContain(value);
          if (chosen.decision === 'allow') expect(autonomy).toBe('deploy');
          const { url } = filledCall(action?.call ?? { method: 'POST', url: '', body: {} }, chosen.choices);
          expect(url).toMatch(/^http:\/\/ops\.internal\/(restart\/(eu|us)|flag)$/);
        },
      ),
    );
  });
});

describe('a definition', () => {
  const parse = (over: object) => ProductionAction.safeParse({ title: 't', kind: 'http', call: { url: 'http://ops.internal/x' }, ...over });
  it.each([
    ['a call without an address of a host', { call: { url: 'file:///etc/passwd' } }],
    ['a parameter in the host', { call: { url: 'http://{zone}.internal/x' }, parameters: { zone: { values: ['eu'] } } }],
    ['a query', { call: { url: 'http://ops.internal/x?y={zone}' }, parameters: { zone: { values: ['eu'] } } }],
    ['a parameter that is not defined', { call: { url: 'http://ops.internal/{zone}' } }],
    ['the commit in a call that does not deploy', { call: { url: 'http://ops.internal/{sha}' } }],
    ['no call', { call: undefined }],
    ['a call of a roll-back', { kind: 'rollback' }],
    ['a parameter without values', { parameters: { zone: { values: [] } } }],
    ['something unknown', { shell: 'rm -rf /' }],
  ])('is refused with %s', (_title, over) => {
    expect(parse(over).success).toBe(false);
  });

  it('puts choices into paths encoded, and into bodies as they are', () => {
    const call = { method: 'POST' as const, url: 'http://ops.internal/{zone}/x', body: { zone: '{zone}', force: true, text: 'in {zone}' } };
    expect(filledCall(call, { zone: '../a b' })).toEqual({
      method: 'POST',
      url: 'http://ops.internal/..%2Fa%20b/x',
      body: { zone: '../a b', force: true, text: 'in ../a b' },
    });
  });
});
