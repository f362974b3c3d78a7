import { join } from 'node:path';
import { loadConfig, loadSecrets, parseRepositoryPolicy, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { RepositoryPolicy } from '../../domain/repository-policy.schema.ts';
import type { Forge, IntegrationContext } from '../../integrations/contract.ts';
import { createDatadogClient } from '../../integrations/datadog/client.ts';
import type { DatadogConfig } from '../../integrations/datadog/config.ts';
import { planSetup, type Step } from '../../integrations/datadog/setup.ts';
import { integrations } from '../../integrations/registry.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { configure } from '../state-files.ts';

/** What `suture setup datadog` is asked for. */
export interface SetupDatadogOptions {
  /** Public address of `/webhooks/datadog` of this Suture. */
  readonly url?: string;
  /** Only say what would be done. */
  readonly dryRun?: boolean;
}

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

/** `suture setup datadog`: webhook, its secret, monitors and dashboard as the policies of the served repositories say; `--dry-run` shows the difference. May be run again. */
export async function setupDatadog(options: SetupDatadogOptions, out: Output): Promise<number> {
  const { url, dryRun = false } = options;
  if (url !== undefined && !/^https?:\/\/[^\s<>"']+$/.test(url)) {
    out.bad('--url: the public address of /webhooks/datadog of this Suture, as Datadog reaches it');
    return EXIT_CODES.usage.code;
  }
  const stateDir = stateFolder(process.env);
  const loaded = loadConfig({ stateDir, env: process.env, integrations });
  const secrets = loadSecrets(stateDir, process.env);
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
  if (!dryRun) for (const step of steps) await step.apply();
  const lines = steps.map(describe);
  const named = repositories.flatMap(({ repo, services }) => services.map(({ name }) => [name, `${repo.owner}/${repo.name}`] as const));
  const missing = named.filter(([name, repository]) => config.services[name] !== repository);
  if (missing.length > 0 || !loaded.config.telemetry) {
    const file = join(stateDir, 'config.yml');
    const changes = [
      ...missing.map(([name, repository]) => [['integrations', 'datadog', 'services', name], repository] as const),
      ...(loaded.config.telemetry ? [] : [[['telemetry'], true] as const]),
    ];
    if (!dryRun) await configure(stateDir, changes);
    lines.push(`~ update ${file}`, ...changes.map(([path, value]) => `    ${path.join('.')}: ${String(value)}`));
  }
  const summary = lines.length === 0 ? 'everything at Datadog is as it must be' : lines.join('\n');
  const advice = dryRun ? 'nothing was changed (--dry-run)' : 'check it all with: suture doctor datadog';
  out.result(`${summary}\n${advice}`, {
    dryRun,
    steps: steps.map(({ action, what, difference }) => ({ action, what, difference })),
  });
  return EXIT_CODES.ok.code;
}
