import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/temporary-folder.ts';

const script = fileURLToPath(new URL('../.ci/run', import.meta.url));

interface Report {
  readonly [file: string]: Readonly<Record<string, 'passed' | 'failed' | 'skipped' | 'pending'>>;
}

/** Runs `.ci/run` in a clone where npm and the set-up are stand-ins that write down what they were called with. */
function ci(given: { readonly report?: Report; readonly failing?: readonly string[] }) {
  const clone = temporaryFolder();
  const calls = join(clone, 'calls');
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text);
    chmodSync(join(clone, path), 0o755);
  };
  mkdirSync(join(clone, '.ci'));
  copyFileSync(script, join(clone, '.ci', 'run'));
  const testResults = Object.entries(given.report ?? {}).map(([name, tests]) => ({
    name,
    status: Object.values(tests).includes('failed') ? 'failed' : 'passed',
    assertionResults: Object.entries(tests).map(([fullName, status]) => ({ fullName, status, failureMessages: [] })),
  }));
  put('report', JSON.stringify({ testResults }));
  const fails = (given.failing ?? []).map((each) => `*"${each}"*) exit 1 ;;`).join(' ');
  const report = given.report === undefined ? ':' : 'mkdir -p test-results && cp report test-results/report.json';
  put('bin/npm', `#!/bin/sh\necho "npm $*" >>calls\n[ "$1" != test ] || { ${report}; }\ncase "npm $*" in ${fails} *) exit 0 ;; esac\n`);
  put(
    'scripts/setup.mjs',
    `import { appendFileSync } from 'node:fs';\nappendFileSync('calls', 'set-up\\n');\nprocess.exit(${given.failing?.includes('set-up') ? 1 : 0});\n`,
  );
  const { status, stdout } = spawnSync('bash', [join(clone, '.ci', 'run')], {
    encoding: 'utf8',
    env: { PATH: `${join(clone, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
  });
  return {
    status,
    last: stdout.trimEnd().split('\n').at(-1),
    calls: existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [],
  };
}

const GREEN: Report = { '/clone/test/a.test.ts': { one: 'passed', two: 'passed' }, '/clone/test/live/b.test.ts': { far: 'skipped' } };

describe('the run of a clean clone', { timeout: 30_000 }, () => {
  it('begins with the demo, and sets nothing up before it', () => {
    const { status, last, calls } = ci({ report: GREEN });
    expect(calls[0]).toMatch(/^npm run (--silent )?demo$/);
    expect(calls.slice(1)).toEqual(['npm run --silent check', 'npm test']);
    expect([status, last]).toEqual([0, '4 passed, 0 failed']);
  });

  it('counts a demo that fails, and goes on where it can be set up', () => {
    const { status, last, calls } = ci({ report: GREEN, failing: ['demo'] });
    expect(calls.slice(1)).toEqual(['set-up', 'npm run --silent check', 'npm test']);
    expect([status, last]).toEqual([1, '3 passed, 1 failed']);
  });

  it('ends where nothing can be set up', () => {
    const { status, last, calls } = ci({ report: GREEN, failing: ['demo', 'set-up'] });
    expect(calls).toHaveLength(2);
    expect([status, last]).toEqual([1, '0 passed, 1 failed']);
  });

  it('fails when a test fails, when one is skipped that no missing engine explains, and when none ran', () => {
    const failed = ci({ report: { ...GREEN, '/clone/test/c.test.ts': { three: 'failed' } }, failing: ['npm test'] });
    expect([failed.status, failed.last]).toEqual([1, '4 passed, 1 failed']);
    const skipped = ci({ report: { ...GREEN, '/clone/test/c.test.ts': { three: 'skipped' } } });
    expect([skipped.status, skipped.last]).toEqual([1, '4 passed, 1 failed']);
    expect(ci({ report: {} })).toMatchObject({ status: 1, last: '2 passed, 1 failed' });
    expect(ci({})).toMatchObject({ status: 1, last: '2 passed, 2 failed' });
  });

  it('fails when the runner of the tests fails though no test did', () => {
    expect(ci({ report: GREEN, failing: ['npm test'] })).toMatchObject({ status: 1, last: '4 passed, 1 failed' });
  });
});
