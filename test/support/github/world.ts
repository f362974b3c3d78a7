import type { Actions } from './actions-state.ts';
import type { ContentHost } from './content-host.ts';
import type { Hooks } from './hooks.ts';
import type { Memory } from './memory.ts';
import type { Upstream } from './upstream.ts';
import type { Identity, Json } from './wire.ts';

/** The App that the stand-in knows, as its registration made it. */
export interface StandInApp {
  readonly id: number;
  readonly slug: string;
  /** PEM, PKCS#1, as GitHub hands it out. */
  readonly privateKey: string;
  readonly installationId: number;
  readonly permissions: Readonly<Record<string, string>>;
  /** What the owner of the repositories accepted of them; undefined: all. */
  readonly accepted: Readonly<Record<string, string>> | undefined;
  readonly events: readonly string[];
}

/** What a rule of a repository asks of one branch. */
export interface BranchRule {
  readonly branch: string;
  readonly checks: readonly string[];
  readonly pullRequest: boolean;
  readonly mergeQueue: boolean;
}

/** What the stand-in remembers of a pull request beyond `emulate`. */
export interface PullMemory {
  head: string | null;
  base: string | null;
  closer: string | null;
  autoMerge: Json;
  merged: { readonly sha: string; readonly by: string; readonly at: string } | null;
}

/** A deployment with its statuses, newest first. */
export interface KeptDeployment {
  readonly json: Json;
  readonly statuses: Json[];
}

/** What the stand-in remembers of a check run beyond `emulate`. */
export interface CheckMemory {
  readonly suite: number;
  readonly app: { readonly id: number; readonly slug: string; readonly name?: string };
  readonly annotations: Json[];
}

/** Everything that the stand-in's parts share. */
export interface World {
  readonly url: string;
  readonly org: string;
  readonly app: StandInApp;
  readonly upstream: Upstream;
  readonly content: ContentHost;
  readonly hooks: Hooks;
  readonly actions: Actions;
  /** What is put back when the stand-in goes back to an earlier moment. */
  readonly memory: Memory;
  readonly now: () => number;
  readonly nextId: () => number;
  readonly rules: Map<string, BranchRule[]>;
  readonly pulls: Map<string, PullMemory>;
  /** By `owner/name@sha`, newest first. */
  readonly statuses: Map<string, Json[]>;
  /** Who was invited to a team and has not accepted, as `team/login`. */
  readonly invitations: Set<string>;
  /** By `owner/name#comment`. */
  readonly reactions: Map<string, Json[]>;
  /** By `owner/name`, newest first. */
  readonly deployments: Map<string, KeptDeployment[]>;
  /** By number of the check run. */
  readonly checkRuns: Map<number, CheckMemory>;
  /** Sends an event of a repository to its hooks; `payload` without repository, sender, installation; `sender`: an `Identity`, or a user as GitHub shows one. */
  emit(event: string, repo: string, payload: Json, sender: Json): Promise<void>;
  /** Something that a check or a push may have made possible: auto-merge. */
  settle(repo: string, sha: string): Promise<void>;
}

/** A user as GitHub shows one. */
export function userJson(world: Pick<World, 'url'>, login: string, id: number): Json {
  const isBot = login.endsWith('[bot]');
  const url = `${world.url}/users/${encodeURIComponent(login)}`;
  return {
    login,
    id,
    node_id: Buffer.from(`04:User${id}`).toString('base64'),
    avatar_url: `${world.url}/avatars/u/${id}`,
    gravatar_id: '',
    url,
    html_url: isBot ? `${world.url}/apps/${login.slice(0, -5)}` : `${world.url}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: isBot ? 'Bot' : 'User',
    site_admin: false,
  };
}

/** Login of whoever asks. */
export const loginOf = (world: Pick<World, 'app'>, who: Identity): string =>
  who.kind === 'user' ? who.login : who.kind === 'anonymous' ? 'ghost' : `${world.app.slug}[bot]`;

/** An id for a login that stays the same. */
export const idOf = (login: string): number => [...login].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 90_000_000, 7) + 1000;

/** Whoever asks, as GitHub shows them. */
export const senderJson = (world: Pick<World, 'url' | 'app'>, who: Identity): Json => {
  const login = loginOf(world, who);
  return userJson(world, login, idOf(login));
};

/** GitHub Actions' own App. */
export const ACTIONS_APP = { id: 15_368, slug: 'github-actions', name: 'GitHub Actions' };

/** An App as a check run or a check suite shows it. */
export function appJson(
  world: Pick<World, 'url' | 'org'>,
  app: { readonly id: number; readonly slug: string; readonly name?: string },
): Json {
  return {
    id: app.id,
    slug: app.slug,
    client_id: `Iv1.${app.id}`,
    node_id: Buffer.from(`App${app.id}`).toString('base64'),
    owner: userJson(world, world.org, idOf(world.org)),
    name: app.name ?? app.slug,
    description: '',
    external_url: `${world.url}/apps/${app.slug}`,
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    permissions: {},
    events: [],
  };
}

/** Commit id of a branch, tag or commit; null when there is none. */
export async function commitOf(world: Pick<World, 'upstream'>, repo: string, revision: string): Promise<string | null> {
  const found = await world.upstream.find(`/repos/${repo}/commits/${revision.split('/').map(encodeURIComponent).join('/')}?per_page=1`);
  return found === null ? null : (found.sha as string);
}

/** Seconds-precise ISO time, as GitHub writes it. */
export const stamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
