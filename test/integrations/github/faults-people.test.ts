import { describe, it } from 'vitest';
import { pullRequest } from './faults/pull-request.ts';
import { holds } from './faults/run.ts';
import { asApp, withToken } from './faults/set-up.ts';

describe('whatever goes wrong at GitHub', () => {
  it('a pull request gets one commit and one comment, and nobody decides who may not', { timeout: 1_200_000 }, () => holds(pullRequest));

  it('a person with a token gets one webhook, one status, and one place in the merge queue', { timeout: 1_200_000 }, () =>
    holds(withToken),
  );

  it('the set-up of an App is done or says what is missing', { timeout: 1_200_000 }, () => holds(asApp));
});
