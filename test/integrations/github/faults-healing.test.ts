import { describe, it } from 'vitest';
import { healing } from './faults/healing.ts';
import { holds } from './faults/run.ts';

describe('whatever goes wrong at GitHub, at whichever call of a healing', () => {
  it('there is one branch, one pull request, one check run, one deployment, and the right outcome', { timeout: 1_200_000 }, () =>
    holds(healing),
  );
});
