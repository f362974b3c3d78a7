import { join } from 'node:path';
import type { Integration, IntegrationContext } from '../contract.ts';
import { createGitHubSource } from './alert-source.ts';
import { createGitHubApi, type GitHubApi } from './api.ts';
import { GitHubConfig } from './config.schema.ts';
import { appCredentials, tokenCredentials } from './credentials.ts';
import { diagnose } from './doctor.ts';
import { createGitHubForge } from './forge.ts';
import { createSend } from './send.ts';

/** Names of GitHub's secrets. */
const APP_KEY = 'github-app-key';
const TOKEN = 'github-token';

/** The API client of one process, from configuration and secrets. */
export function gitHubApi(context: IntegrationContext<GitHubConfig>): GitHubApi {
  const { config, secret } = context;
  const now = (): number => Date.now();
  const send = createSend(config);
  const credentials =
    config.appId === undefined
      ? tokenCredentials(() => secret(TOKEN)[0])
      : appCredentials({ appId: config.appId, privateKey: () => secret(APP_KEY)[0], send, now });
  return createGitHubApi({ ...config, credentials, send, now });
}

/** GitHub and GitHub Enterprise Server, as an App or with a token. */
export const github: Integration<typeof GitHubConfig> = {
  id: 'github',
  name: 'GitHub',
  docs: 'docs/github.md',
  configSchema: GitHubConfig,
  doctor: ({ config, ...rest }) =>
    diagnose(gitHubApi({ config, ...rest }), { repositories: config.repositories, webhookUrl: config.webhookUrl }),
  alertSource: (context) => createGitHubSource(context),
  forge: (context) =>
    createGitHubForge(gitHubApi(context), {
      stateDir: join(context.stateDir, 'github'),
      repositories: context.config.repositories,
      webhookUrl: context.config.webhookUrl,
      now: () => Date.now(),
    }),
};
