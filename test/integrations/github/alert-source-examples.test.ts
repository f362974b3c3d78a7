import { describe, expect, it } from 'vitest';
import { heard, PUBLISHED, take } from './alert-source-support.ts';

/** What becomes of the published payloads of each event that is used: how many give signals, how many are ignored. */
const USED: Readonly<Record<string, readonly [number, number]>> = {
  workflow_run: [0, 5],
  check_run: [3, 6],
  check_suite: [0, 9],
  workflow_job: [0, 8],
  status: [0, 4],
  pull_request: [3, 26],
  pull_request_review: [0, 4],
  issues: [2, 27],
  issue_comment: [0, 9],
  push: [0, 7],
  deployment: [0, 4],
  deployment_status: [3, 1],
  release: [0, 13],
  installation: [0, 7],
  installation_repositories: [0, 3],
  ping: [0, 4],
};

describe('the payloads that GitHub published', () => {
  it('are all taken or ignored with a reason, none is refused', () => {
    const counts = Object.fromEntries(
      PUBLISHED.map(({ name, examples }) => {
        const answers = examples.map((payload) => take(name, payload).kind);
        for (const payload of examples) heard(name, payload);
        return [name, [answers.filter((kind) => kind === 'signals').length, answers.filter((kind) => kind === 'ignored').length]];
      }),
    );
    const total = Object.values(counts).flat();
    expect(PUBLISHED).toHaveLength(58);
    expect(total.reduce((sum, count) => sum + count, 0)).toBe(329);
    expect(counts).toMatchObject(USED);
    const unused = Object.entries(counts).filter(([name]) => !Object.hasOwn(USED, name));
    expect(unused).toHaveLength(58 - Object.keys(USED).length);
    expect(unused.filter(([, [signals]]) => signals !== 0)).toEqual([]);
  });

  it('are refused by no event that is used when a field is missing', () => {
    let cut = 0;
    for (const { name, examples } of PUBLISHED.filter((entry) => Object.hasOwn(USED, entry.name))) {
      const [payload] = examples;
      for (const key of Object.keys(payload)) {
        const { [key]: removed, ...rest } = payload;
        heard(name, rest);
        if (removed === null || typeof removed !== 'object') continue;
        for (const field of Object.keys(removed)) {
          cut += 1;
          heard(name, { ...rest, [key]: Object.fromEntries(Object.entries(removed).filter(([other]) => other !== field)) });
          heard(name, { ...rest, [key]: { ...removed, [field]: null } });
        }
      }
    }
    expect(cut).toBeGreaterThan(1_000);
  });
});
