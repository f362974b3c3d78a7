import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkEvidence } from '../../../src/activities/evidence.ts';
import { activityDeps, HELD_SECRET, nothingSeen } from '../../support/activity-world.ts';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { clientOf, forgeOf } from './support.ts';

const ANNOTATIONS = 'GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations';

let standIn: GitHubStandIn;
beforeAll(async () => {
  standIn = await startGitHubStandIn();
});
afterAll(() => standIn.close());

/** Evidence of a failed job with a log of its own and these annotations. */
async function evidenceOf(annotations: readonly object[]) {
  const { owner, name, head, hands } = await standIn.repository();
  await hands.run({ sha: head, jobs: [{ name: 'test', conclusion: 'failure', log: 'it broke\n', annotations: [...annotations] }] });
  const deps = activityDeps(temporaryFolder(), forgeOf(clientOf(standIn.url, appCredentialsOf(standIn))), nothingSeen());
  const before = standIn.calls.length;
  const found = await checkEvidence(deps, {
    repo: { owner, name },
    shas: [head],
    red: ['test'],
    failing: { name: 'test', run: 'make test', report: 'exit-code', timeoutSeconds: 60 },
    paths: ['src/a.ts'],
  });
  const notes = found.evidence.find(({ kind }) => kind === 'log');
  const text = notes?.artifact === undefined ? null : new TextDecoder().decode(await deps.artifacts.get(notes.artifact));
  return { ...found, notes, text, asked: standIn.calls.slice(before).map((call) => call.operation) };
}

describe('annotations of a failing check', () => {
  it('are evidence beside its log, one line each, and point to where it fails', async () => {
    const { evidence, notes, text, said } = await evidenceOf([
      { path: 'src/a.ts', start_line: 7, end_line: 7, annotation_level: 'failure', title: 'TS2322', message: 'number is no string' },
      { path: 'src/a.ts', start_line: 9, end_line: 9, annotation_level: 'warning', message: 'unused' },
    ]);
    expect(evidence.map(({ kind }) => kind)).toEqual(['check', 'log']);
    expect(notes?.summary).toContain('check test has 2 annotation(s)');
    expect(text).toBe('::error file=src/a.ts,line=7,title=TS2322::number is no string\n::warning file=src/a.ts,line=9::unused');
    expect(said.complaints).toMatchObject([{ path: 'src/a.ts', line: 7, message: expect.stringContaining('number is no string') }]);
  });

  it('cannot break out of their line, say what we hold, or name a path that leads out', async () => {
    const { text } = await evidenceOf([
      {
        path: '../../etc/passwd',
        start_line: 1,
        end_line: 1,
        annotation_level: 'failure',
        title: 'a,file=b::c',
        message: `x\n::error file=y::injected ${HELD_SECRET}\u001b[31m`,
      },
    ]);
    expect(text).toMatch(/^::error title=a file b {2}c::x ::error file=y::injected \[redacted\]/);
    expect(text).not.toContain('\n');
    expect(text).not.toContain('\u001b');
  });

  it('are not asked for where the check says that it has none', async () => {
    const { asked, notes } = await evidenceOf([]);
    expect(asked).not.toContain(ANNOTATIONS);
    expect(notes).toBeUndefined();
  });
});

it("every request is valid against GitHub's own published specification, where that is at hand", () => {
  expect(standIn.violations, standIn.violations.join('\n')).toEqual([]);
});
