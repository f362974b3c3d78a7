import { describe, expect, it } from 'vitest';
import { parseIgnore } from '../../../src/sandbox/ignore.ts';
import { findCgroupBase } from '../../../src/sandbox/local/cgroup.ts';
import { isNewEnough } from '../../../src/sandbox/local/find-tools.ts';
import { firstUid } from '../../../src/sandbox/local/identity.ts';
import { namespaceAdvice } from '../../../src/sandbox/local/unavailable.ts';
import { isOrphan, ownMarker } from '../../../src/sandbox/marker.ts';
import { isInnerLink, workspacePath } from '../../../src/sandbox/workspace-input.ts';

describe('ignore rules', () => {
  const ignored = parseIgnore('# note\n*.log\n!keep.log\n/out\ntmp/\nsub/*.gen\n');
  it.each([
    ['a.log', true],
    ['deep/a.log', true],
    ['keep.log', false],
    ['out/x', true],
    ['deep/out', false],
    ['tmp', false],
    ['a/tmp/x', true],
    ['sub/a.gen', true],
    ['a.txt', false],
  ])('%s: %s', (path, expected) => {
    expect(ignored(path)).toBe(expected);
  });
});

describe('tar names', () => {
  it.each([
    ['./a/b', 'a/b'],
    ['a//b/', 'a/b'],
    ['/etc/passwd', null],
    ['a/../../b', null],
    ['.git/config', null],
    ['sub/.GIT/hooks/x', null],
  ])('%s becomes %s', (name, expected) => {
    expect(workspacePath(name)).toBe(expected);
  });

  it('tells links that stay inside from those that lead out', () => {
    expect([isInnerLink('a/b', '../c'), isInnerLink('a/b', '../../c'), isInnerLink('a', '/c'), isInnerLink('a', 'b/../../c')]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('host user', () => {
  it('is a fresh high uid where all are mapped, one below nobody in a small map, none elsewhere', () => {
    expect(firstUid('0 0 4294967295', 1)).toBe(2_000_000_064);
    expect(firstUid('0 100000 65536', 1)).toBe(60_064);
    expect(firstUid('0 1000 1', 1)).toBeNull();
  });
});

describe('bubblewrap', () => {
  it('must know how to disable user namespaces', () => {
    expect(['0.7.9', '0.8.0', '0.11.0', '1.0.0'].map(isNewEnough)).toEqual([false, true, true, true]);
  });

  it('gets the advice that fits the machine', () => {
    const on = (name: string, value: string) => (asked: string) => (asked === name ? value : null);
    expect(namespaceAdvice('x', on('kernel/apparmor_restrict_unprivileged_userns', '1'))).toMatch(/AppArmor[^]*\/etc\/apparmor\.d\/bwrap/);
    expect(namespaceAdvice('x', on('user/max_user_namespaces', '0'))).toMatch(/sysctl -w user\.max_user_namespaces/);
    expect(namespaceAdvice('bwrap: No permissions to create new namespace', () => null)).toMatch(/container/);
  });
});

describe('markers', () => {
  it('belong to a running process or count as left behind', () => {
    expect(isOrphan(`${ownMarker()}.j1`)).toBe(false);
    expect(isOrphan(`suture-sandbox.${process.pid}.1.j1`)).toBe(true);
    expect(isOrphan('suture-sandbox.999999999.5')).toBe(true);
    expect(isOrphan('somebody-else')).toBe(false);
  });
});

describe('control groups', () => {
  it('are not used where nothing can be made', () => {
    expect(findCgroupBase({ mounts: 'cgroup2 /nonexistent cgroup2 rw 0 0\n', own: '0::/\n' }, 'suture-sandbox.1.1')).toBeNull();
  });
});
