import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { healing } from './faults/healing.ts';
import { matrix } from './faults/matrix.ts';
import { pullRequest } from './faults/pull-request.ts';
import { holds } from './faults/run.ts';
import { asApp, withToken } from './faults/set-up.ts';
import { takenBack } from './faults/taken-back.ts';

const SOURCE = new URL('../../../src/integrations/github/', import.meta.url);

describe('whatever goes wrong at GitHub', () => {
  it('what was begun is taken back once, a workflow deploys once, and the patrol finds the rest', { timeout: 1_200_000 }, () =>
    holds(takenBack),
  );

  it('no call that Suture makes is left out of the journeys', async () => {
    const sources = await Promise.all((await readdir(SOURCE)).map((name) => readFile(new URL(name, SOURCE), 'utf8')));
    const made = new Set(
      sources.flatMap((text) => [...text.matchAll(/'((?:GET|POST|PATCH|PUT|DELETE) \/[^']+)'/g)].map((found) => found[1] ?? '')),
    );
    expect(made.size).toBeGreaterThan(70);
    const met = new Set<string>();
    for (const journey of [healing, pullRequest, takenBack, withToken, asApp])
      for (const operation of (await matrix(journey, { only: () => false })).operations) met.add(operation);
    expect([...made].filter((operation) => !met.has(operation))).toEqual([]);
  });
});
