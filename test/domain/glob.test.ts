import { describe, expect, it } from 'vitest';
import { matchesGlob, matchesWhole } from '../../src/domain/glob.ts';

describe('a glob', () => {
  it.each([
    ['*.ts', 'a.ts', true],
    ['*.ts', 'a/b.ts', false],
    ['**/*.ts', 'b.ts', true],
    ['**/*.ts', 'a/b/c.ts', true],
    ['src/**', 'src/a/b', true],
    ['src/**', 'src', false],
    ['src/**', 'srcs/a', false],
    ['src/**/x', 'src/x', true],
    ['src/**/x', 'src/a/b/x', true],
    ['**', 'a/b', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['a.c', 'abc', false],
    ['.*', '.env', true],
    ['*', '.env', true],
    ['[a', '[a', true],
    ['', 'a', false],
  ])('%s on %s: %s', (glob, path, expected) => {
    expect(matchesWhole(path, glob)).toBe(expected);
  });

  it('without a slash matches in every folder, and with one from the root', () => {
    expect(matchesGlob('a/b/package.json', 'package.json')).toBe(true);
    expect(matchesGlob('a/config/x.yaml', 'config/*.yaml')).toBe(false);
    expect(matchesGlob('config/x.yaml', '/config/*.yaml')).toBe(true);
  });

  it('stays quick when it is made to be slow', () => {
    expect(matchesWhole('a'.repeat(500), `${'*a'.repeat(200)}b`)).toBe(false);
    expect(matchesWhole('a/'.repeat(200), `${'**/'.repeat(100)}x`)).toBe(false);
  });
});
