import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GateFile, runGate } from '../../src/domain/policy/gate.ts';
import type { GateFinding } from '../../src/domain/proof.schema.ts';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';
import { judgeCase } from './corpus/judge.ts';
import { type CorpusCase, readCorpus } from './corpus/parse.ts';

const CHEATS = readCorpus().filter(({ kind }) => kind === 'cheat');
const failing = { name: 'checks', run: 'run everything', report: 'unittest' as const, timeoutSeconds: 60 };
const gate = (files: readonly GateFile[], testTexts: readonly string[] = []) =>
  runGate({
    files,
    failing,
    commands: [failing],
    failingTests: [],
    reportBefore: null,
    reportAfter: null,
    testTexts,
    policy: RepositoryPolicy.parse({ version: 1 }),
    restored: new Set(),
  });
const codes = (findings: readonly GateFinding[]) => [...new Set(findings.map(({ code }) => code))].sort();
const anyCheat = fc.constantFrom(...CHEATS);
/** Files that have nothing to do with the patch; some of them are full of findings of their own. */
const unrelated = fc.array(
  fc.record({
    path: fc.stringMatching(/^pages\/[a-z]{1,8}\.(?:py|ts|md)$/),
    before: fc.constant('a = 1\n'),
    after: fc.constantFrom('a = 2\n', 'x()  # noqa\n'.repeat(80), 'y || true\n'.repeat(80)),
    binary: fc.constant(false),
  }),
  { minLength: 1, maxLength: 5 },
);

describe('the gate over any change', () => {
  it('keeps every kind of finding when unrelated files are added to the change', () => {
    fc.assert(
      fc.property(anyCheat, unrelated, (one: CorpusCase, more) => {
        const alone = codes(judgeCase(one).findings);
        expect(codes(judgeCase(one, { files: [...more, ...one.files] }).findings)).toEqual(expect.arrayContaining(alone));
      }),
    );
  });

  it('says the same whatever the order of the files', () => {
    fc.assert(
      fc.property(
        anyCheat.chain((one) =>
          fc.record({ one: fc.constant(one), files: fc.shuffledSubarray([...one.files], { minLength: one.files.length }) }),
        ),
        ({ one, files }) => {
          expect(codes(judgeCase(one, { files }).findings)).toEqual(codes(judgeCase(one).findings));
        },
      ),
    );
  });

  it('answers any text, names only its own lines, and says nothing about a file that stays', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('src/a.py', 'test/a.test.ts', 'a_test.go', 'src/lib.rs', 'package.json', 'pyproject.toml', 'src/A.java'),
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ unit: 'binary', maxLength: 300 }),
        (path, before, after) => {
          const lines = after.split('\n').length;
          for (const { line } of gate([{ path, before, after, binary: false }])) expect(line ?? 1).toBeLessThanOrEqual(lines);
          const same = gate([{ path, before, after: before, binary: false }]).map(({ line }) => line);
          expect(same.filter((line) => line !== undefined)).toEqual([]);
        },
      ),
    );
  });
});

describe('the gate over hostile size', () => {
  const MIB = 1_048_576;
  const filled = (piece: string) => piece.repeat(Math.ceil(MIB / piece.length)).slice(0, MIB);
  // Each of them would keep a backtracking pattern busy for ever; a sound one comes back with an answer.
  it.each([
    ['one line of blanks', 'src/a.ts', filled(' ') + 'x'],
    ['one line of brackets', 'test/a.test.ts', filled('expect(((')],
    ['openings of what asks for the runner', 'src/a.py', filled('sys.argv[0] ')],
    ['quotes', 'src/a.py', filled('if "a\' == ')],
    ['short lines that all compare', 'src/a.ts', filled('if (a === "value-12") {\n')],
    ['short lines that all catch', 'src/a.ts', filled('} catch (error) {\n')],
    ['short lines that all declare', 'tests/test_a.py', filled('def test_a():\n')],
    ['an indentation that only grows', 'tests/test_b.py', Array.from({ length: 1400 }, (_none, at) => `${' '.repeat(at)}if a:`).join('\n')],
    ['a lock file of one line', 'package-lock.json', filled('"resolved":"https://a/",')],
    ['nested JSON', 'package.json', filled('{"a":')],
    ['JSON that is nested too deep', 'package.json', `{"jest":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_001)}`],
    ['section heads', 'pyproject.toml', filled('[tool.a]\n')],
    ['numbers', 'src/a.py', filled('KEYS = {1234: 5678, ')],
    ['hashes', 'Makefile', filled('# test ')],
  ])('comes back from %s', (_what, path, after) => {
    const found = gate([{ path, before: 'a = 1\n', after, binary: false }], [filled('"value-12" 1234 ')]);
    expect(found.length).toBeLessThanOrEqual(50);
    expect(gate([{ path, before: after, after: 'a = 1\n', binary: false }]).length).toBeLessThanOrEqual(50);
  });
});
