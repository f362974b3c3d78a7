import type { Forge } from '../../../src/integrations/contract.ts';
import type { ForgeUnderTest } from '../../integrations/forge-contract-suite.ts';
import type { RepositorySpec } from './repository.ts';
import type { GitHubStandIn, StandInRepository } from './stand-in.ts';

/** What a client of the stand-in signs in with. */
export type StandInCredentials =
  | { readonly kind: 'app'; readonly appId: number; readonly privateKey: string; readonly login: string }
  | { readonly kind: 'token'; readonly token: string; readonly login: string };

/** Credentials of the App of a stand-in. */
export const appCredentialsOf = (standIn: GitHubStandIn): StandInCredentials => ({
  kind: 'app',
  appId: standIn.app.id,
  privateKey: standIn.app.privateKey,
  login: `${standIn.app.slug}[bot]`,
});

/** Credentials of a person who may write. */
export const tokenCredentialsOf = (standIn: GitHubStandIn): StandInCredentials => ({
  kind: 'token',
  token: standIn.tokens['suture-bot'] ?? '',
  login: 'suture-bot',
});

/** A forge under test with a fresh repository in a shared stand-in. */
export async function githubUnderTest(
  standIn: GitHubStandIn,
  make: (baseUrl: string, credentials: StandInCredentials, repository: StandInRepository) => Forge | Promise<Forge>,
  credentials: StandInCredentials = appCredentialsOf(standIn),
  spec: RepositorySpec = {},
): Promise<ForgeUnderTest & { readonly repository: StandInRepository }> {
  const repository = await standIn.repository(spec);
  const { hands, owner, name } = repository;
  return {
    forge: await make(standIn.url, credentials, repository),
    repo: { owner, name },
    repository,
    push: (branch, files) => hands.push(branch, files),
    mergeBranch: (branch) => hands.mergeBranch(branch),
    close: (number) => hands.closePull(number),
    async report(sha, check, conclusion, log) {
      await hands.run({ sha, workflow: check, path: `.github/workflows/${check}.yml`, jobs: [{ name: check, conclusion, log }] });
    },
    dispose: async () => standIn.clearFaults(),
  };
}
