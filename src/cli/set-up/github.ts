import type { SetUp } from '../../agents/monitor/tools/set-up.ts';
import { loadConfig, loadSecrets, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { GitHubConfig } from '../../integrations/github/config.schema.ts';
import { gitHubApi } from '../../integrations/github/index.ts';
import { servedRepositories } from '../../integrations/github/served.ts';
import { setUpAppHook, setUpRepositories } from '../../integrations/github/setup.ts';
import { integrations } from '../../integrations/registry.ts';

/** The hook of the GitHub App, or of each served repository, at the configured address. */
async function gitHub(env: Readonly<Record<string, string | undefined>>) {
  const stateDir = stateFolder(env);
  const loaded = loadConfig({ stateDir, env, integrations });
  const secrets = loadSecrets(stateDir, env);
  const config = loaded.integrations.get('github') as GitHubConfig;
  const { webhookUrl } = config;
  if (webhookUrl === undefined)
    throw new Failure(
      'configuration-invalid',
      'integrations.github.webhookUrl is missing: the public address of /webhooks/github of this Suture; or run suture setup github --url',
    );
  const secret = (name: string): string[] => secrets.get(name).map((each) => each.reveal());
  const api = gitHubApi({ config, stateDir, secret, readArtifact: async () => new Uint8Array() });
  const repositories: readonly RepoRef[] = api.isApp ? [] : await servedRepositories(api, config.repositories);
  return { api, repositories, hook: { url: webhookUrl, secret: secret('github-webhook')[0] ?? '' } };
}

/** Webhooks at GitHub for an agent: where they deliver to is configured, never part of a call, because our secret goes there. */
export const gitHubWebhooks = (env: Readonly<Record<string, string | undefined>>): SetUp => ({
  async plan() {
    const { api, repositories, hook } = await gitHub(env);
    if (api.isApp) return [`the App would deliver to ${hook.url}`];
    return repositories.map(({ owner, name }) => `${owner}/${name}: a webhook for ${hook.url} would be there and up to date`);
  },
  async apply() {
    const { api, repositories, hook } = await gitHub(env);
    return api.isApp ? [await setUpAppHook(api, hook)] : setUpRepositories(api, repositories, hook);
  },
});
