import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogDigest } from '../../src/domain/log-digest.schema.ts';
import { digestLog } from '../../src/logs/index.ts';
import { repositoryPaths } from '../../src/logs/repository-path.ts';

/** Lines that make a pattern with nested repetition, or one that starts over at every place, take for ever. A quadratic one would not end before the test does. */
const LINES: ReadonlyArray<readonly [string, string]> = [
  ['blanks', ' '.repeat(2_000_000)],
  ['columns', `  1:1  error  ${'a  '.repeat(600_000)}`],
  ['colons', 'a:1:'.repeat(500_000)],
  ['slashes', '/a'.repeat(1_000_000)],
  ['dots', `E   ${'A.'.repeat(1_000_000)}Error`],
  ['quotes', `Cannot find module '${"a'".repeat(1_000_000)}`],
  ['brackets', `[ERROR] ${'[('.repeat(1_000_000)}`],
  ['sequences', '\u001b['.repeat(1_000_000)],
  ['returns', 'x\r'.repeat(1_000_000)],
  ['hex', `${'0123456789abcdef'.repeat(100_000)}`],
  ['annotation', `::error ${'file=a,'.repeat(300_000)}`],
  ['frames', `    at ${'('.repeat(1_000_000)}`],
  ['java frames', `\tat ${'a.'.repeat(1_000_000)}(`],
];

describe('hostile logs', () => {
  it.each(LINES)('of one endless line are read: %s', (_name, line) => {
    const digest = digestLog({ text: `${line}\nError: the end\n`, paths: ['a'] });
    expect(digest.lines).toBe(2);
    expect(digest.keptBytes).toBeLessThanOrEqual(24_000);
    expect(digest.excerpts.at(-1)?.text).toContain('Error: the end');
  });

  it.each(LINES)('of many such lines are read: %s', (_name, line) => {
    const text = Array.from({ length: 3000 }, (_, at) => `${String.fromCharCode(97 + (at % 26))}${line.slice(0, 480)}`).join('\n');
    expect(digestLog({ text, paths: ['a'] }).lines).toBe(3000);
  });

  it('give a digest that fits, whatever they hold', () => {
    const word = fc.constantFrom(
      'Error',
      ' FAIL ',
      '\u001b[31m',
      '\r',
      '##[error]',
      '##[group]Run ',
      'npm error code E404',
      '/workspace/src/a.ts:1:2',
      '../../etc/passwd',
      '  --> ',
      ' at ',
      '\ud83d',
      '{',
      ': ',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ unit: 'binary' })), { maxLength: 200 }), fc.array(fc.string()), (parts, paths) => {
        const digest = digestLog({ text: parts.join(parts.length % 2 === 0 ? '\n' : ''), paths });
        expect(LogDigest.parse(digest)).toEqual(digest);
        for (const { path } of [...digest.frames, ...digest.complaints])
          if (path !== undefined) expect(path.startsWith('/') || path.split('/').includes('..')).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a path in a log', () => {
  it.each([
    ['/workspace/src/a.ts', 'src/a.ts'],
    ['./src/a.ts', 'src/a.ts'],
    ['src/a.ts', 'src/a.ts'],
    ['file:///workspace/src/a.ts', 'src/a.ts'],
    [['', 'home', 'runner', 'work', 'app', 'app', 'src', 'a.ts'].join('/'), 'src/a.ts'],
    ['/builds/acme/app/src/a.ts', 'src/a.ts'],
    ['src\\win\\a.ts', 'src/win/a.ts'],
    ['app/[id]/page.tsx', 'app/[id]/page.tsx'],
    ['/etc/passwd', undefined],
    ['../outside.ts', undefined],
    ['/workspace/../etc/passwd', undefined],
    ['/workspace//etc/passwd', undefined],
    ['src/../../x', undefined],
    ['.git/config', undefined],
    ['/workspace/node_modules/x/index.js', undefined],
    ['/usr/lib/python3.11/site-packages/x.py', undefined],
    ['C:\\x\\a.ts', undefined],
    ['', undefined],
    ['a\u0000b', undefined],
    [`${'a/'.repeat(400)}b`, undefined],
  ])('%j lies in the repository as %j', (raw, path) => {
    expect(repositoryPaths([])(raw)).toBe(path);
  });

  it('gives the root away when it ends in one that changed', () => {
    const path = repositoryPaths(['src/auth/login.py']);
    expect(path('/srv/ci/4711/src/other.py')).toBeUndefined();
    expect(path('/srv/ci/4711/src/auth/login.py')).toBe('src/auth/login.py');
    expect(path('/srv/ci/4711/src/other.py')).toBe('src/other.py');
    expect(path('/srv/ci/4711/../secrets.py')).toBeUndefined();
  });
});
