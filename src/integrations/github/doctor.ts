import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { Finding } from '../contract.ts';
import type { Api, GitHubApi } from './api.ts';
import { HOOKS, hookAt } from './hooks.ts';
import { REQUIRED_EVENTS, REQUIRED_PERMISSIONS } from './required.ts';
import { READ } from './scopes.ts';
import { servedRepositories } from './served.ts';
import { sameLogin } from './trust.ts';

/** Repositories that are looked at one by one. */
const MAX_REPOSITORIES = 50;

/** What the doctor needs to know. */
export interface DoctorOptions {
  readonly repositories: readonly string[];
  readonly webhookUrl: string | undefined;
}

async function finding(name: string, check: () => Promise<string>): Promise<Finding> {
  try {
    return { name, ok: true, detail: await check() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

const enough = (held: string | undefined, needed: 'read' | 'write'): boolean => held === 'write' || held === 'admin' || held === needed;

/** What the App was given, against what it needs. */
async function permissions(github: GitHubApi): Promise<readonly Finding[]> {
  const { data: app } = await github.asApp('GET /app');
  if (app === null) throw new Failure('not-permitted', 'GitHub does not know this App; check integrations.github.appId and the key');
  const held = app.permissions as Readonly<Record<string, string | undefined>>;
  const page = `${github.webUrl}/settings/apps/${app.slug ?? ''}/permissions`;
  const found = REQUIRED_PERMISSIONS.map((needed): Finding => {
    const ok = enough(held[needed.name], needed.access);
    const what = `${needed.label}: ${held[needed.name] ?? 'none'}`;
    if (ok) return { name: `permission ${needed.name}`, ok, detail: what };
    return {
      name: `permission ${needed.name}`,
      ok: needed.optional,
      detail: `${what}, wanted: ${needed.access} (to ${needed.why}). Set Repository permissions > ${needed.label} to ${needed.access} on ${page}, then accept the change on each installation`,
    };
  });
  const missing = REQUIRED_EVENTS.filter(([event]) => !(app.events as readonly string[]).includes(event)).map(([event]) => event);
  return [
    ...found,
    missing.length === 0
      ? { name: 'events', ok: true, detail: `${REQUIRED_EVENTS.length} subscribed` }
      : { name: 'events', ok: false, detail: `not subscribed: ${missing.join(', ')}. Tick them under Subscribe to events on ${page}` },
    sameLogin(`${app.slug}[bot]`, github.login)
      ? { name: 'login', ok: true, detail: github.login }
      : {
          name: 'login',
          ok: false,
          detail: `the App writes as ${app.slug}[bot]; set integrations.github.login to that, it is ${github.login}`,
        },
  ];
}

/** Whether GitHub reaches us, by what it says of its latest deliveries. */
function judgeDeliveries(
  deliveries: ReadonlyArray<{ readonly status_code: number; readonly delivered_at: string; readonly status: string }>,
): string {
  const [newest] = deliveries;
  if (newest === undefined) throw new Error('no delivery yet; push something, or use Redeliver on the hook page');
  const bad = deliveries.filter((delivery) => delivery.status_code < 200 || delivery.status_code >= 300);
  if (newest.status_code === 401)
    throw new Error('the newest delivery was refused: the secret at GitHub is not SUTURE_SECRET_GITHUB_WEBHOOK');
  if (bad.includes(newest))
    throw new Error(
      `the newest delivery at ${newest.delivered_at} failed: ${newest.status} (${newest.status_code}); is the address reachable from GitHub?`,
    );
  return `the newest of ${newest.delivered_at} was taken; ${bad.length} of the last ${deliveries.length} failed`;
}

async function appHook(github: GitHubApi, options: DoctorOptions): Promise<readonly Finding[]> {
  return [
    await finding('webhook', async () => {
      const { data } = await github.asApp('GET /app/hook/config');
      if (options.webhookUrl !== undefined && data.url !== options.webhookUrl) {
        throw new Error(`delivers to ${data.url ?? 'nowhere'}, not to ${options.webhookUrl}; run \`suture setup github\``);
      }
      if (data.content_type !== 'json') throw new Error('the content type is not application/json; run `suture setup github`');
      if (String(data.insecure_ssl) === '1') throw new Error('certificates are not verified; switch SSL verification on');
      return data.url ?? '';
    }),
    await finding('deliveries', async () => judgeDeliveries((await github.asApp('GET /app/hook/deliveries', { per_page: 30 })).data)),
  ];
}

async function repositoryHook(api: Api, url: string | undefined): Promise<string> {
  if (url === undefined)
    throw new Error('set integrations.github.webhookUrl to the public address of /webhooks/github, then run `suture setup github`');
  const hook = await hookAt(api, url);
  if (hook === null) throw new Error(`no webhook delivers to ${url}; run \`suture setup github\``);
  const page = { hook_id: hook.id, per_page: 30 };
  const { data } =
    hook.of === 'repository'
      ? await api.call('GET /repos/{owner}/{repo}/hooks/{hook_id}/deliveries', page)
      : await api.call('GET /orgs/{org}/hooks/{hook_id}/deliveries', { ...page, org: api.repo.owner });
  return judgeDeliveries(data);
}

/** Rules that keep everybody, Suture included, from landing on the default branch unproven. */
async function branchRules(api: Api): Promise<string> {
  const { data: repository } = await api.call('GET /repos/{owner}/{repo}');
  const branch = repository.default_branch;
  const settings = `${repository.html_url}/settings/rules`;
  const { data: rules } = await api.call('GET /repos/{owner}/{repo}/rules/branches/{branch}', { branch, per_page: 100 });
  const { data: state } = await api.call('GET /repos/{owner}/{repo}/branches/{branch}', { branch });
  const classic = state.protection?.required_status_checks?.contexts ?? [];
  const required = rules.some((rule) => rule.type === 'required_status_checks') || classic.length > 0;
  if (rules.length === 0 && !state.protected)
    throw new Error(`${branch} has no rules: anybody who can push can break it. Add a ruleset with required checks on ${settings}`);
  if (!required)
    throw new Error(`${branch} requires no checks, so a merge proves nothing. Add "Require status checks to pass" on ${settings}`);
  for (const id of new Set(rules.flatMap((rule) => (rule.ruleset_id === undefined ? [] : [rule.ruleset_id])))) {
    const { data: ruleset } = await api.call('GET /repos/{owner}/{repo}/rulesets/{ruleset_id}', { ruleset_id: id });
    if (ruleset.current_user_can_bypass !== undefined && ruleset.current_user_can_bypass !== 'never') {
      throw new Error(`Suture can bypass the ruleset "${ruleset.name}". Take it off the bypass list on ${settings}/${id}`);
    }
  }
  return `${branch}: ${rules.length} rule(s)${state.protected ? ', protected' : ''}, checks required, no bypass`;
}

/** A permission that was added to the App later counts where the owner accepted it, and nowhere else. */
async function accepted(github: GitHubApi, repo: RepoRef): Promise<string> {
  const { data } = await github.asApp('GET /repos/{owner}/{repo}/installation', { owner: repo.owner, repo: repo.name });
  const held = data.permissions as Readonly<Record<string, string | undefined>>;
  const missing = REQUIRED_PERMISSIONS.filter(({ name, access, optional }) => !optional && !enough(held[name], access));
  if (missing.length > 0)
    throw new Error(
      `not accepted for this installation: ${missing.map(({ label }) => label).join(', ')}. Review the request on ${data.html_url}`,
    );
  return `${Object.keys(held).length} accepted`;
}

/** Whose token it is: comments and pull requests of ours are found again by that name. */
async function tokenOwner(github: GitHubApi, [repo]: readonly RepoRef[]): Promise<string> {
  if (repo === undefined) return `a token, for trying out: no check runs, writes as ${github.login}`;
  const { login } = (await github.for(repo, READ).call('GET /user')).data;
  if (!sameLogin(login, github.login))
    throw new Error(`the token writes as ${login}; set integrations.github.login to that, it is ${github.login}`);
  return `a token, for trying out: no check runs, writes as ${login}`;
}

async function repository(github: GitHubApi, repo: RepoRef, options: DoctorOptions): Promise<readonly Finding[]> {
  const name = `${repo.owner}/${repo.name}`;
  const api = github.for(repo, READ);
  const reachable = await finding(name, async () => (await api.call('GET /repos/{owner}/{repo}')).data.html_url);
  if (!reachable.ok) return [reachable];
  return [
    reachable,
    ...(github.isApp ? [await finding(`${name}: permissions`, () => accepted(github, repo))] : []),
    await finding(`${name}: branch rules`, () => branchRules(api)),
    ...(github.isApp ? [] : [await finding(`${name}: webhook`, () => repositoryHook(github.for(repo, HOOKS), options.webhookUrl))]),
  ];
}

/** `suture doctor github`: each permission, delivery and rule, with what to click for what is missing. */
export async function diagnose(github: GitHubApi, options: DoctorOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (github.isApp) {
    try {
      findings.push(...(await permissions(github)), ...(await appHook(github, options)));
    } catch (error) {
      return [{ name: 'App', ok: false, detail: error instanceof Error ? error.message : String(error) }];
    }
  }
  const served = await servedRepositories(github, options.repositories);
  if (!github.isApp) findings.push(await finding('identity', () => tokenOwner(github, served)));
  if (served.length === 0) {
    findings.push({
      name: 'repositories',
      ok: false,
      detail: 'none: install the App on a repository, or name some in integrations.github.repositories',
    });
  }
  for (const repo of served.slice(0, MAX_REPOSITORIES)) findings.push(...(await repository(github, repo, options)));
  return findings;
}
