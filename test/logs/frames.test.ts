import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { digestLog } from '../../src/logs/index.ts';

const frames = (name: string, paths: readonly string[] = []) =>
  digestLog({ text: readFileSync(new URL(`samples/${name}.txt`, import.meta.url), 'utf8'), paths }).frames.map(
    ({ path, line }) => `${path}:${line}`,
  );

describe('stack frames', () => {
  it.each([
    ['node-exception', ['e.js:1', 'e.js:2']],
    ['node-test', ['n.mjs:2']],
    ['vitest', ['test/a.test.js:3', 'test/a.test.js:5']],
    ['unittest', ['tests/test_unit.py:7', 'tests/test_unit.py:5']],
    ['pytest-failed', ['tests/test_auth.py:4']],
    ['cargo-test', ['src/lib.rs:11', 'src/lib.rs:10']],
    ['java-exception', ['src/main/java/com/acme/Main.java:3', 'src/main/java/com/acme/Main.java:2']],
    ['gradle-test', ['src/test/java/com/acme/AppTest.java:7']],
    ['maven-surefire', ['src/test/java/com/acme/AppTest.java:8', 'src/test/java/com/acme/AppTest.java:7']],
  ])('of %s are those in the repository', (name, expected) => {
    expect(frames(name)).toEqual(expected);
  });

  it('of Go lie where the tests were run, the standard library left out', () => {
    expect(frames('go-test', ['auth/auth_test.go'])).toEqual(['auth/auth_test.go:14', 'auth_test.go:8']);
  });

  it('in files that changed come first', () => {
    expect(frames('unittest', ['tests/test_unit.py'])[0]).toBe('tests/test_unit.py:7');
    const text = '    at one (/workspace/src/one.ts:1:1)\n    at two (/workspace/src/two.ts:2:1)\n';
    expect(digestLog({ text, paths: ['src/two.ts'] }).frames.map(({ path }) => path)).toEqual(['src/two.ts', 'src/one.ts']);
  });

  it('of Java are found where a changed file of that name lies', () => {
    const text = '\tat com.acme.Main.go(Main.java:3)\n';
    expect(digestLog({ text, paths: ['core/src/main/java/com/acme/Main.java'] }).frames).toEqual([
      { path: 'core/src/main/java/com/acme/Main.java', line: 3 },
    ]);
  });
});
