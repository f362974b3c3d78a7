import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf, githubUnderTest, tokenCredentialsOf } from '../../support/github/under-test.ts';
import { forgeContract } from '../forge-contract-suite.ts';
import { clientOf, forgeOf } from './support.ts';

let standIn: GitHubStandIn;
beforeAll(async () => {
  standIn = await startGitHubStandIn();
});
afterAll(() => standIn.close());

const make = (baseUrl: string, credentials: Parameters<typeof clientOf>[1]) => forgeOf(clientOf(baseUrl, credentials));

forgeContract('GitHub as an App', () => githubUnderTest(standIn, make, appCredentialsOf(standIn)));
forgeContract('GitHub with a token', () => githubUnderTest(standIn, make, tokenCredentialsOf(standIn)));

describe('every request of the forge', () => {
  it("is valid against GitHub's own published specification, where that is at hand", () => {
    expect(standIn.calls.length).toBeGreaterThan(500);
    if (!standIn.specAvailable) process.stdout.write('the published specification is not at hand: requests were not checked against it\n');
    expect(standIn.violations, standIn.violations.join('\n')).toEqual([]);
  });
});
