import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Complaint } from '../../src/domain/log-digest.schema.ts';
import { normaliseFailureText, signatureOf } from '../../src/domain/signature.ts';

const repo = { owner: 'acme', name: 'app' };
const signed = (failingTests: readonly string[], more: Partial<Parameters<typeof signatureOf>[0]> = {}) =>
  signatureOf({ repo, command: 'npm test', failingTests, ...more });

const letters = (minLength: number) => fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'), minLength, maxLength: 12 });
const hex = (size: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: size, maxLength: size });
const id = fc.oneof(
  fc.uuid(),
  fc.nat().map(String),
  fc.tuple(fc.nat({ max: 9 }), hex(11)).map(([digit, rest]) => `${digit}${rest}`),
  hex(8).map((digits) => `0x${digits}`),
);
const folder = fc.array(letters(1), { minLength: 0, maxLength: 4 }).map((parts) => (parts.length === 0 ? '' : `/${parts.join('/')}/`));
const time = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
const duration = fc.tuple(fc.nat({ max: 9999 }), fc.constantFrom('ms', 's', 'm')).map(([count, unit]) => `${count}${unit}`);
const line = fc.integer({ min: 1, max: 99_999 });
/** What differs between two sightings of one failure. */
const sighting = fc.record({ id, folder, time, duration, line });

describe('a signature', () => {
  it('ignores ids, folders, times, durations and line numbers of tests', () => {
    fc.assert(
      fc.property(letters(3), sighting, sighting, (name, one, other) => {
        const test = ({ id: user, folder: at, time: when, duration: took, line: number }: typeof one) =>
          `${at}${name}.test.ts:${number} > ${name} of user ${user} at ${when} (${took})`;
        expect(signed([test(one)])).toBe(signed([test(other)]));
      }),
    );
  });

  it('ignores the same in the command, and case', () => {
    fc.assert(
      fc.property(letters(3), sighting, sighting, (name, one, other) => {
        const command = (each: typeof one) => `cd ${each.folder}${name} && run --seed ${each.id} --since ${each.time}`;
        expect(signed([], { command: command(one) })).toBe(signed([], { command: command(other).toUpperCase() }));
      }),
    );
  });

  it('ignores order and repetition', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(letters(2), { minLength: 1, maxLength: 8 })
          .chain((tests) => fc.tuple(fc.constant(tests), fc.shuffledSubarray([...tests, ...tests], { minLength: tests.length * 2 }))),
        ([tests, again]) => {
          expect(signed(again)).toBe(signed(tests));
        },
      ),
    );
  });

  it('differs when other tests fail', () => {
    fc.assert(
      fc.property(fc.uniqueArray(letters(2), { minLength: 2, maxLength: 8 }), (tests) => {
        const [first = '', ...rest] = tests;
        expect(signed(tests)).not.toBe(signed(rest));
        expect(signed([first])).not.toBe(signed(rest));
      }),
    );
  });

  it('tells tests apart that only a number in their name parts', () => {
    expect(signed(['test_case_1'])).not.toBe(signed(['test_case_2']));
    expect(signed(['reads utf8'])).not.toBe(signed(['reads utf16']));
  });

  const complaint = (over: Partial<Complaint> = {}): Complaint => ({
    tool: 'eslint',
    class: 'lint',
    path: 'src/a.ts',
    line: 3,
    rule: 'no-var',
    message: 'Unexpected var',
    ...over,
  });

  it('ignores where a complaint stands now, and the order of complaints', () => {
    fc.assert(
      fc.property(line, line, sighting, sighting, (at, later, one, other) => {
        const said = (number: number, each: typeof one) => [
          complaint({ line: number, path: `${each.folder}a.ts`, message: `Unexpected var ${each.id} at ${each.time}` }),
          complaint({ rule: 'no-undef', message: 'x is not defined' }),
        ];
        expect(signed([], { complaints: said(at, one) })).toBe(signed([], { complaints: said(later, other).reverse() }));
      }),
    );
  });

  it('differs between two failures of one check that another rule, file or message complains of', () => {
    const given = signed([], { complaints: [complaint()] });
    for (const over of [{ rule: 'no-undef' }, { path: 'src/b.ts' }, { message: 'Unexpected let' }, { tool: 'oxlint' }])
      expect(signed([], { complaints: [complaint(over)] })).not.toBe(given);
    expect(signed([])).not.toBe(given);
  });

  it('goes by the innermost frame where nothing else is told, without its line', () => {
    const at = (path: string, number: number) => signed([], { frames: [{ path, line: number }] });
    expect(at('src/a.ts', 3)).toBe(at('src/a.ts', 9));
    expect(at('src/a.ts', 3)).not.toBe(at('src/b.ts', 3));
  });

  it('goes by tests alone where there are some', () => {
    expect(signed(['a'], { complaints: [complaint()], frames: [{ path: 'x.ts', line: 1 }], service: 'api' })).toBe(signed(['a']));
    expect(signed([], { service: 'api' })).not.toBe(signed([], { service: 'web' }));
  });

  it('differs between repositories and commands', () => {
    expect(signed(['a'], { repo: { owner: 'acme', name: 'other' } })).not.toBe(signed(['a']));
    expect(signed(['a'], { command: 'npm run lint' })).not.toBe(signed(['a']));
  });
});

describe('a normalised text', () => {
  it.each([
    ['2026-05-01T12:30:45.123Z GET /api/users/48213 in 12ms', '# get # in #'],
    ['order 8f14e45f-ceea-467f-a0e6-1b2c3d4e5f60 is lost', 'order # is lost'],
    ['/workspace/src/a.ts:12:5 - error TS2345', 'a.ts:# - error ts2345'],
    ['[=====>    ] 45%', '[=> ] #%'],
    ['commit 4f2a9c1d8 by run_4f2a9c1d8', 'commit # by run_#'],
    ['test_case_2 reads utf8', 'test_case_2 reads utf8'],
  ])('%j becomes %j', (text, expected) => {
    expect(normaliseFailureText(text)).toBe(expected);
  });

  it('stays as it is when it is normalised again', () => {
    const word = fc.constantFrom('a', 'b2', '/', '12', 'x/y', '2026-05-01', ' ', '.', ':', '--', 'dead00beef', '_', '#');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (parts) => {
        const once = normaliseFailureText(parts.join(''));
        expect(normaliseFailureText(once)).toBe(once);
      }),
    );
  });
});
