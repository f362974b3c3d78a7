import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import { unless } from './answer.ts';
import type { Api, GitHubApi } from './api.ts';
import { HOOKS } from './hooks.ts';
import { REQUIRED_EVENTS, REQUIRED_PERMISSIONS } from './required.ts';

/** What a hook must look like. */
interface HookOptions {
  readonly url: string;
  readonly secret: string;
}

const EVENTS = REQUIRED_EVENTS.map(([event]) => event);

const configOf = ({ url, secret }: HookOptions) => ({ url, secret, content_type: 'json', insecure_ssl: '0' }) as const;

/** Creates the webhook of a repository or brings the one that delivers to this address up to date; never a second one. */
export async function ensureRepositoryHook(api: Api, options: HookOptions): Promise<string> {
  const name = `${api.repo.owner}/${api.repo.name}`;
  const find = async () =>
    (await api.all('GET /repos/{owner}/{repo}/hooks', {}, (data) => data, 200)).find((hook) => hook.config.url === options.url);
  let known = await find();
  if (known === undefined) {
    const made = await unless(
      [422],
      null,
      api.call('POST /repos/{owner}/{repo}/hooks', { name: 'web', active: true, events: EVENTS, config: configOf(options) }),
    );
    if (made !== null) return `${name}: webhook ${made.data.id} created for ${options.url}`;
    // Made by somebody else in the same moment.
    known = await find();
    if (known === undefined) throw new Failure('configuration-invalid', `${name} takes no webhook for ${options.url}`);
  }
  await api.call('PATCH /repos/{owner}/{repo}/hooks/{hook_id}', {
    hook_id: known.id,
    active: true,
    events: EVENTS,
    config: configOf(options),
  });
  return `${name}: webhook ${known.id} brought up to date for ${options.url}`;
}

/** The same for the webhook of a whole organisation, which also delivers for repositories that do not exist yet. */
export async function ensureOrganizationHook(api: Api, options: HookOptions): Promise<string> {
  const org = api.repo.owner;
  const find = async () =>
    (await api.all('GET /orgs/{org}/hooks', { org }, (data) => data, 200)).find((hook) => hook.config.url === options.url);
  const wanted = { active: true, events: EVENTS, config: configOf(options) };
  let known = await find();
  if (known === undefined) {
    const made = await unless([422], null, api.call('POST /orgs/{org}/hooks', { org, name: 'web', ...wanted }));
    if (made !== null) return `${org}: webhook ${made.data.id} created for ${options.url}`;
    // Made by somebody else in the same moment.
    known = await find();
    if (known === undefined) throw new Failure('configuration-invalid', `${org} takes no webhook for ${options.url}`);
  }
  await api.call('PATCH /orgs/{org}/hooks/{hook_id}', { org, hook_id: known.id, ...wanted });
  return `${org}: webhook ${known.id} brought up to date for ${options.url}`;
}

/** Webhooks of these repositories, with a plain token. */
export async function setUpRepositories(
  github: GitHubApi,
  repositories: readonly RepoRef[],
  options: HookOptions,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (const repo of repositories) done.push(await ensureRepositoryHook(github.for(repo, HOOKS), options));
  return done;
}

/** Address and secret of the App's own webhook. */
export async function setUpAppHook(github: GitHubApi, options: HookOptions): Promise<string> {
  await github.asApp('PATCH /app/hook/config', { data: configOf(options) } as never);
  return `the App delivers to ${options.url}`;
}

/** The App as GitHub creates it from a manifest: its name, where it delivers, what it may do. */
export function appManifest(options: {
  readonly name: string;
  readonly webhookUrl: string;
  readonly redirectUrl: string;
  readonly homepage: string;
}): object {
  return {
    name: options.name,
    url: options.homepage,
    hook_attributes: { url: options.webhookUrl, active: true },
    redirect_url: options.redirectUrl,
    public: false,
    default_permissions: Object.fromEntries(REQUIRED_PERMISSIONS.map((permission) => [permission.name, permission.access])),
    default_events: EVENTS,
  };
}

/** What GitHub gives for the code at the end of the manifest flow; valid for an hour, once. */
export interface NewApp {
  readonly id: number;
  readonly slug: string;
  readonly pem: string;
  readonly webhookSecret: string;
  readonly url: string;
}

/** Exchanges the code of the manifest flow for the App's key and secret. */
export async function convertManifest(github: GitHubApi, code: string): Promise<NewApp> {
  if (!/^[A-Za-z0-9_-]{10,100}$/.test(code)) throw new Failure('configuration-invalid', 'this is no code of GitHub’s manifest flow');
  const answer = await unless([404], null, github.anonymously('POST /app-manifests/{code}/conversions', { code }));
  if (answer === null)
    throw new Failure(
      'configuration-invalid',
      'GitHub does not know this code (any more): it is good once, for an hour. If the App is there already, delete it on its settings page and begin again',
    );
  const { data } = answer;
  if (data.webhook_secret === null) throw new Failure('configuration-invalid', 'GitHub gave no webhook secret for the new App');
  return { id: data.id, slug: data.slug ?? '', pem: data.pem, webhookSecret: data.webhook_secret, url: data.html_url };
}
