import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { processesOf, repositoryOf, stateFolderOf, suture } from './support.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const kept = (folder: string): string => {
  folders.push(folder);
  return folder;
};

const NODE_TEST = `import { test } from 'node:test';
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
test('mode', () => assert.equal(readFileSync('config.ini', 'utf8'), 'mode=good\\n'));
test('other', () => {});
`;

/** A job specification beside a repository whose test is red. */
async function run(
  { revision, ...over }: { readonly revision?: string } & Readonly<Record<string, unknown>> = {},
  args: readonly string[] = [],
) {
  const repository = kept(repositoryOf({ 'config.ini': 'mode=good\n', 'mode.test.mjs': NODE_TEST }, { 'config.ini': 'mode=bad\n' }));
  const folder = kept(mkdtempSync(join(tmpdir(), 'suture-spec-')));
  const stateDir = kept(stateFolderOf());
  const spec = {
    version: 1,
    name: 'prove-mode',
    base: { repository, ...(revision === undefined ? {} : { revision }) },
    steps: [{ name: 'tests', run: 'node --test' }],
    report: { format: 'node' },
    ...over,
  };
  writeFileSync(join(folder, 'job.yaml'), stringify(spec));
  const ended = await suture(stateDir, ['sandbox', 'run', join(folder, 'job.yaml'), '--json', ...args]);
  expect(processesOf(stateDir)).toEqual([]);
  return { ...ended, folder, result: ended.stdout === '' ? null : JSON.parse(ended.stdout) };
}

describe('suture sandbox run', { timeout: 90_000 }, () => {
  it('shows red on the base, with named facts and the tests that failed', async () => {
    const { code, result, stderr } = await run();
    expect(code).toBe(9);
    expect(result.steps).toMatchObject([{ name: 'tests', exitCode: 1, timedOut: false, killedBy: null, outputTruncated: false }]);
    expect(result.report.tests).toEqual([
      { name: 'mode', status: 'failed' },
      { name: 'other', status: 'passed' },
    ]);
    expect(result.isolation).toContain('bubblewrap');
    expect(stderr).toContain('failed: mode');
  });

  it('shows green with the change set on top, and hands back artifacts and what the steps changed', async () => {
    const out = join(kept(mkdtempSync(join(tmpdir(), 'suture-out-'))), 'new');
    const { code, result } = await run(
      {
        files: [{ path: 'config.ini', content: 'mode=good\n' }],
        steps: [
          { name: 'tests', run: 'node --test' },
          { name: 'write', run: 'mkdir -p sub && echo made > sub/made.txt && echo more >> config.ini && test ! -e .git' },
        ],
        report: undefined,
        artifacts: ['sub/made.txt'],
        changes: {},
      },
      ['--out', out],
    );
    expect(code).toBe(0);
    expect(readFileSync(join(out, 'sub/made.txt'), 'utf8')).toBe('made\n');
    expect(result.changes).toMatchObject([{ op: 'write', path: 'config.ini' }]);
    expect(Buffer.from(result.changes[0].content, 'base64').toString()).toBe('mode=good\nmore\n');
  });

  it('takes secrets out of everything that comes back, and says where', async () => {
    const token = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_');
    const { result } = await run({
      steps: [{ name: 'leak', run: `echo ${token} | tee report.txt >> config.ini; cat config.ini` }],
      report: undefined,
      artifacts: ['report.txt'],
      changes: {},
    });
    const said = [result.steps[0].output, result.artifacts['report.txt'], result.changes[0].content];
    expect(said.map((each) => [each, Buffer.from(each, 'base64').toString()].join().includes(token))).toEqual([false, false, false]);
    expect(result.refused).toEqual(['"report.txt": a secret in it was taken out', '"config.ini": a secret in it was taken out']);
  });

  it('ends a job at its own limit, which is never above the server’s', async () => {
    const { code, result } = await run({
      steps: [{ name: 'slow', run: 'sleep 30' }],
      report: undefined,
      limits: { wallClockSeconds: 0.5 },
    });
    expect(code).toBe(9);
    expect(result.steps).toMatchObject([{ name: 'slow', timedOut: true, killedBy: 'timeout' }]);
  });

  it.each([
    [
      'every problem with its place',
      { version: 2, limits: { wallClockSeconds: 6000 }, steps: [] },
      /version:[^]*steps:[^]*limits\.wallClockSeconds:/,
    ],
    ['a file outside of the workspace', { files: [{ path: '../x', content: '' }] }, /files/],
    ['an environment that loads code', { env: { LD_PRELOAD: 'x.so' } }, /LD_PRELOAD is not one that a job may set/],
    ['a folder without a repository', { base: { repository: '.' } }, /there is no git repository there/],
    ['a revision that is not there', { revision: 'gone' }, /there is no branch or commit gone/],
  ])('says what is wrong: %s', async (_title, over, expected) => {
    const { code, stderr } = await run(over);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
