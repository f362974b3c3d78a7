import { join } from 'node:path';
import type { SetUp } from '../../agents/monitor/tools/set-up.ts';
import { loadConfig, loadSecrets, parseRepositoryPolicy, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { RepositoryPolicy } from '../../domain/repository-policy.schema.ts';
import type { Forge, IntegrationContext } from '../../integrations/contract.ts';
import { createDatadogClient } from '../../integrations/datadog/client.ts';
import type { DatadogConfig } from '../../integrations/datadog/config.ts';
import { planSetup, type Step } from '../../integrations/datadog/setup.ts';
import { integrations } from '../../integrations/registry.ts';
import { configure } from '../state-files.ts';

const POLICY_PATH = '.github/suture.yml';
const MAX_POLICY = 262_144;

/** The services that the policy of one repository declares, from its default branch; none where there is no policy. */
async function servicesOf({ repositories }: Forge, repo: RepoRef): Promise<RepositoryPolicy['services']> {
  const { defaultBranch } = await repositories.describe(repo);
  const head = await repositories.resolve(repo, defaultBranch);
  const file = head === null ? null : await repositories.readFile(repo, head, POLICY_PATH, MAX_POLICY);
  return file === null ? [] : parseRepositoryPolicy(new TextDecoder().decode(file)).services;
}

const SIGNS: Readonly<Record<Step['action'], string>> = { create: '+', update: '~', remove: '-' };

function describe({ action, what, difference }: Step): string {
  return [`${SIGNS[action]} ${action} ${what}`, ...difference.map((line) => `    ${line}`)].join('\n');
}

/** What must change at Datadog and in the configuration, as lines for people and as steps, and changing it. */
export interface DatadogPlan {
  readonly lines: readonly string[];
  readonly steps: readonly Step[];
  apply(): Promise<void>;
}

/** Compares Datadog with the policies of the served repositories; `url` is the public address of `/webhooks/datadog`. */
export async function planDatadog(env: Readonly<Record<string, string | undefined>>, url?: string): Promise<DatadogPlan> {
  const stateDir = stateFolder(env);
  const loaded = loadConfig({ stateDir, env, integrations });
  const secrets = loadSecrets(stateDir, env);
  const secret = (name: string): readonly string[] => secrets.get(name).map((held) => held.reveal());
  const config = loaded.integrations.get('datadog') as DatadogConfig;
  const context: IntegrationContext<unknown> = {
    config: loaded.integrations.get(loaded.config.forge),
    stateDir,
    secret,
    readArtifact: async () => new Uint8Array(),
  };
  const forge = integrations.find(({ id }) => id === loaded.config.forge)?.forge?.(context);
  const [token] = secret('datadog-webhook');
  if (forge === undefined || token === undefined)
    throw new Failure(
      'configuration-invalid',
      forge === undefined ? `forge: ${loaded.config.forge} is no forge` : 'the secret datadog-webhook is missing',
    );
  const repositories = [];
  for (const repo of await forge.repositories.served()) repositories.push({ repo, services: await servicesOf(forge, repo) });
  const client = createDatadogClient(config, secret, 'notifier-unavailable');
  const steps = await planSetup(client, config, { token, repositories, ...(url === undefined ? {} : { url }) });
  const named = repositories.flatMap(({ repo, services }) => services.map(({ name }) => [name, `${repo.owner}/${repo.name}`] as const));
  const missing = named.filter(([name, repository]) => config.services[name] !== repository);
  const changes = [
    ...missing.map(([name, repository]) => [['integrations', 'datadog', 'services', name], repository] as const),
    ...(loaded.config.telemetry ? [] : [[['telemetry'], true] as const]),
  ];
  const file =
    changes.length === 0
      ? []
      : [`~ update ${join(stateDir, 'config.yml')}`, ...changes.map(([path, value]) => `    ${path.join('.')}: ${String(value)}`)];
  return {
    lines: [...steps.map(describe), ...file],
    steps,
    async apply() {
      for (const step of steps) await step.apply();
      if (changes.length > 0) await configure(stateDir, changes);
    },
  };
}

/** The same for an agent: webhook addresses are configured, never part of a call. */
export const datadogMonitors = (env: Readonly<Record<string, string | undefined>>): SetUp => ({
  plan: async () => (await planDatadog(env)).lines,
  async apply() {
    const { lines, apply } = await planDatadog(env);
    await apply();
    return lines;
  },
});
