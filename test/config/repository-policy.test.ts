import { describe, expect, it } from 'vitest';
import { parseRepositoryPolicy } from '../../src/config/repository-policy.ts';
import { Failure } from '../../src/domain/failure.ts';

function complaints(text: string): string[] {
  try {
    parseRepositoryPolicy(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).code).toBe('policy-invalid');
    return (error as Failure).message.split('\n').map((line) => line.replace('.github/suture.yml', ''));
  }
  throw new Error('nothing was thrown');
}

describe('parseRepositoryPolicy', () => {
  it('fills in defaults', () => {
    expect(parseRepositoryPolicy('version: 1\n')).toMatchObject({
      autonomy: 'propose',
      attempts: 3,
      checks: [],
      maxFiles: 20,
      revert: { enabled: true, maxAgeDays: 14 },
    });
  });

  it('reads a whole policy', () => {
    const text = `version: 1
autonomy: deploy
checks:
  - { name: tests, run: python3 -m unittest, report: unittest, timeoutSeconds: 60 }
  - { name: format, run: ./check-format }
format: { check: format, fix: ./format }
config: [config.yaml, 'deploy/*.yml', /settings/**]
services: [{ name: auth }, { name: auth, environment: staging }]
protectedPaths: ['infra/**', 'app/[id]/page.tsx']
gateAllow: [{ code: snapshot-edited, path: 'test/**/*.snap' }]
`;
    expect(parseRepositoryPolicy(text)).toMatchObject({
      autonomy: 'deploy',
      services: [{ environment: 'production' }, { environment: 'staging' }],
    });
  });

  it('says everything at once, each with its line, in the order of the file', () => {
    const text = `version: 1
autonomi: merge
checks:
  - name: a
    run: b
    timeout: 3
  - name: c
    run: 7
format: { check: lint, fix: x }
protectedPaths:
  - src
  - '!docs/**'
maxFiles: 0
`;
    expect(complaints(text)).toEqual([
      ':2: autonomi: unknown key; did you mean `autonomy`?',
      ':6: checks.0.timeout: unknown key; did you mean `timeoutSeconds`?',
      expect.stringMatching(/^:8: checks\.1\.run: .*expected string/),
      ':12: protectedPaths.1: patterns cannot be negated; list what is meant',
      expect.stringMatching(/^:13: maxFiles: /),
    ]);
  });

  it.each([
    ['no version', 'autonomy: merge\n', /version/],
    ['another version', 'version: 2\n', /^:1: version/],
    [
      'two checks of one name',
      'version: 1\nchecks:\n- {name: a, run: b}\n- {name: a, run: c}\n',
      /^:4: checks\.1\.name: two checks are named `a`/,
    ],
    ['a linter for no check', 'version: 1\nlint:\n  check: style\n  fix: x\n', /^:3: lint\.check: names no check; known: none/],
    [
      'a negated glob of generated files',
      "version: 1\ngenerated:\n- {paths: ['!gen/**'], run: x}\n",
      /^:3: generated\.0\.paths\.0: patterns cannot be negated/,
    ],
    ['a floor that is no version', 'version: 1\nsecurity:\n- {package: a, atLeast: latest}\n', /^:3: security\.0\.atLeast/],
    ['a formatter for no check', 'version: 1\nformat:\n  check: lint\n  fix: x\n', /^:3: format\.check: names no check; known: none/],
    ['a JUnit report without a path', 'version: 1\nchecks: [{name: a, run: b, report: junit}]\n', /^:2: checks\.0\.report: .*`reportPath`/],
    [
      'a report outside the repository',
      'version: 1\nchecks: [{name: a, run: b, reportPath: ../x}]\n',
      /^:2: checks\.0\.reportPath: must be a path inside/,
    ],
    ['a service twice', 'version: 1\nservices:\n- {name: a}\n- {name: a}\n', /^:4: services\.1: `a` is listed twice for `production`/],
    ['a folder that matches nothing', 'version: 1\nprotectedPaths: [infra/]\n', /^:2: protectedPaths\.0: .*write `infra\/\*\*`/],
    ['alternatives in a pattern', "version: 1\nconfig: ['*.{yml,yaml}']\n", /^:2: config\.0: only `\*`/],
    ['a character class', "version: 1\nconfig: ['[a-z0-9].yml']\n", /^:2: config\.0: only/],
    ['a pattern that leaves the repository', "version: 1\nconfig: ['../x']\n", /^:2: config\.0: paths are relative/],
    ['a backslash', "version: 1\ngateAllow: [{code: large, path: 'a\\b'}]\n", /^:2: gateAllow\.0\.path: backslashes/],
    ['a pattern that is slow', "version: 1\nconfig: ['**/**/**/**/x']\n", /^:2: config\.0: has too many wildcards/],
    ['many stars in one name', "version: 1\nconfig: ['*a*a*a*a']\n", /^:2: config\.0: has too many wildcards/],
    ['broken YAML', 'version: [1\n', /^:\d+: /],
    ['a doubled key', 'version: 1\nversion: 1\n', /^:2: /],
    ['text instead of a mapping', 'hello\n', /expected object/],
    ['an empty file', '', /version/],
    ['a bomb of aliases', `version: 1\na: &a [${'x,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]\n`, /alias/i],
    ['a huge file', `version: 1\n#${'x'.repeat(70_000)}`, /larger than 65536 bytes/],
    ['a terminal sequence in a key', 'version: 1\n"\\e[31mred": 1\n', /^:2: \?\[31mred: unknown key/],
  ])('refuses %s', (_what, text, message) => {
    const lines = complaints(text);
    expect(
      lines.some((line) => message.test(line)),
      lines.join('\n'),
    ).toBe(true);
  });
});
