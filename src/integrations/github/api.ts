import { RequestError } from '@octokit/request-error';
import type { Endpoints } from '@octokit/types';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import { failureOf, Refusal } from './answer.ts';
import type { Credentials, Permissions } from './credentials.ts';
import type { Route, Send, TimeLimit } from './send.ts';
import { createWriteGate } from './write-gate.ts';

/** Content may be large: it gets so many times the limit of a call. */
const STREAM_FACTOR = 6;

/** Calls for one repository with the permissions of one step. Paths are templates, so nothing from outside becomes a URL by itself. */
export interface Api {
  readonly repo: RepoRef;
  /** Label that forbids Suture. */
  readonly stopLabel: string;
  /** One call. Throws `Refusal` for a 4xx that a caller may understand, `Failure` for limits, missing rights and a vendor that is away. */
  call<R extends Route>(route: R, parameters?: Omit<Endpoints[R]['parameters'], 'owner' | 'repo'>): Promise<Endpoints[R]['response']>;
  /** Items of all pages, at most `limit`. `pick` finds the list in an answer. */
  all<R extends Route, Item>(
    route: R,
    parameters: Omit<Endpoints[R]['parameters'], 'owner' | 'repo'>,
    pick: (data: Endpoints[R]['response']['data']) => readonly Item[],
    limit: number,
  ): Promise<readonly Item[]>;
  /** Bytes behind a call that answers with content or a redirect to it; null when it is gone (404, 410). The link is followed without our token. */
  stream(route: string, parameters: Readonly<Record<string, unknown>>): Promise<ReadableStream<Uint8Array> | null>;
  graphql<T>(query: string, variables: Readonly<Record<string, unknown>>): Promise<T>;
}

/** That no token was given says nothing about what was asked for: no caller may take this 404 for that of a branch. */
function withoutToken(failure: Failure, owner: string): Failure {
  if (!(failure instanceof Refusal)) return failure;
  const why = failure.status === 404 ? `the App is not installed for ${owner}, or not on this repository (any more)` : failure.message;
  return new Failure(failure.code, why, { cause: failure });
}

/** Makes `Api`s; one for the process. */
export interface GitHubApi {
  /** `needs`: what the installation token may do, and no more. */
  for(repo: RepoRef, needs: Permissions): Api;
  /** A call as the App itself; throws `configuration-invalid` with a plain token. */
  asApp<R extends Route>(route: R, parameters?: Endpoints[R]['parameters']): Promise<Endpoints[R]['response']>;
  /** A call without credentials. */
  anonymously<R extends Route>(route: R, parameters: Endpoints[R]['parameters']): Promise<Endpoints[R]['response']>;
  /** Full names of the repositories that the App is installed on, at most `limit`. */
  installed(limit: number): Promise<readonly string[]>;
  /** Calls a second that are left of the scarcest limit; null while there are plenty. */
  pace(): number | null;
  readonly isApp: boolean;
  readonly webUrl: string;
  readonly login: string;
}

export function createGitHubApi(options: {
  readonly baseUrl: string;
  readonly webUrl: string;
  readonly login: string;
  readonly stopLabel: string;
  readonly timeoutMs: number;
  readonly writeSpacingMs: number;
  readonly credentials: Credentials;
  readonly send: Send;
  readonly now: () => number;
  /** As `createSend` has it. */
  readonly timeLimit?: TimeLimit;
}): GitHubApi {
  const { credentials, now, send, timeoutMs, timeLimit = AbortSignal.timeout } = options;
  const gate = createWriteGate({ spacingMs: options.writeSpacingMs, now });

  /** One exchange: token, gate, time limit, and what its failure means. `minted`: another token can be had where this one is refused. */
  async function exchange<T>(
    route: string,
    owner: string,
    token: () => Promise<string>,
    send: (token: string) => Promise<T>,
    minted = true,
  ): Promise<T> {
    gate.check(owner);
    let used: string | null = null;
    try {
      used = await token().catch((error: unknown) => {
        throw withoutToken(failureOf(error, 'a request for a token', now()), owner);
      });
      const authorized = used;
      return await gate.pass(owner, !/^(GET|HEAD) /.test(route), () => send(authorized));
    } catch (error) {
      if (error instanceof RequestError && error.status === 401 && used !== null && credentials.isApp && minted) {
        credentials.forget(used);
        throw new Failure('forge-unavailable', `GitHub no longer accepts the installation token for ${route}; a new one is asked for`, {
          cause: error,
        });
      }
      const failure = failureOf(error, route, now());
      if (failure.code === 'rate-limited' && failure.retryAfterMs !== undefined) gate.close(owner, failure.retryAfterMs);
      throw failure;
    }
  }

  const sendJson = async (owner: string, route: string, parameters: object, token: string): Promise<Endpoints[Route]['response']> => {
    const response = await send(route as Route, parameters, token);
    gate.learn(owner, response.headers as never);
    return response;
  };

  const asApp: GitHubApi['asApp'] = async (route, parameters) => {
    const token = await credentials.appToken();
    if (token === null) throw new Failure('configuration-invalid', 'this needs a GitHub App; see docs/github.md');
    return (await exchange(
      route,
      'app',
      async () => token,
      (bearer) => sendJson('app', route, parameters ?? {}, bearer),
      false,
    )) as never;
  };

  async function repositoriesOf(installation: number, limit: number): Promise<readonly string[]> {
    const minted = await asApp('POST /app/installations/{installation_id}/access_tokens', {
      installation_id: installation,
      permissions: { metadata: 'read' },
    });
    const names: string[] = [];
    for (let page = 1; names.length < limit; page += 1) {
      const route = 'GET /installation/repositories';
      const send = (token: string) => sendJson(`installation ${installation}`, route, { per_page: 100, page }, token);
      const { data } = (await exchange(route, `installation ${installation}`, async () => minted.data.token, send)) as {
        readonly data: { readonly repositories: ReadonlyArray<{ readonly full_name: string; readonly archived: boolean }> };
      };
      names.push(...data.repositories.filter((repository) => !repository.archived).map((repository) => repository.full_name));
      if (data.repositories.length < 100) break;
    }
    return names.slice(0, limit);
  }

  return {
    isApp: credentials.isApp,
    webUrl: options.webUrl,
    login: options.login,
    pace: gate.pace,
    asApp,
    anonymously: async (route, parameters) =>
      (await exchange(
        route,
        'anybody',
        async () => '',
        (none) => sendJson('anybody', route, parameters ?? {}, none),
        false,
      )) as never,
    async installed(limit) {
      const names: string[] = [];
      for (let page = 1; names.length < limit; page += 1) {
        const installations = await asApp('GET /app/installations', { per_page: 100, page });
        for (const { id, suspended_at: suspended } of installations.data) {
          if (suspended !== null && suspended !== undefined) continue;
          names.push(...(await repositoriesOf(Number(id), limit - names.length)));
        }
        if (installations.data.length < 100) break;
      }
      return names;
    },
    for(repo, needs) {
      const at = { owner: repo.owner, repo: repo.name };
      const token = () => credentials.token(repo, needs);
      const call: Api['call'] = async (route, parameters) => {
        // What a path has no place for would be sent as a field that GitHub does not know.
        const place = /\{repo\}/.test(route) ? at : {};
        return (await exchange(route, repo.owner, token, (authorized) =>
          sendJson(repo.owner, route, { ...parameters, ...place }, authorized),
        )) as never;
      };
      return {
        repo,
        stopLabel: options.stopLabel,
        call,
        async all(route, parameters, pick, limit) {
          const items: unknown[] = [];
          for (let page = 1; items.length < limit; page += 1) {
            const { data } = await call(route, { ...parameters, per_page: 100, page } as never);
            const found = pick(data as never);
            items.push(...found);
            if (found.length < 100) break;
          }
          return items.slice(0, limit) as never;
        },
        async stream(route, parameters) {
          return await exchange(route, repo.owner, token, async (authorized) => {
            const { url, headers } = send.request.endpoint(route, {
              ...parameters,
              ...at,
              headers: { authorization: `bearer ${authorized}` },
            });
            const signal = timeLimit(timeoutMs * STREAM_FACTOR);
            let response = await fetch(url, { headers: headers as Record<string, string>, redirect: 'manual', signal });
            const link = response.headers.get('location');
            if (response.status >= 300 && response.status < 400 && link !== null) {
              const next = new URL(link, url);
              if (next.protocol !== 'https:' && next.protocol !== new URL(url).protocol) {
                throw new Failure('forge-unavailable', `GitHub's answer to ${route} leads to a protocol that is not followed`);
              }
              // The link carries its own authority for a minute; our token stays here.
              response = await fetch(next, { redirect: 'follow', signal });
            }
            if (response.status === 404 || response.status === 410) return null;
            if (!response.ok || response.body === null) {
              const data = await response.text().catch(() => '');
              // What it says tells a limit from a missing permission, as it does for every other call.
              throw new RequestError(messageOf(data) ?? response.statusText, response.status, {
                request: { method: 'GET', url, headers: {} },
                response: { status: response.status, url, headers: Object.fromEntries(response.headers), data },
              });
            }
            return response.body;
          });
        },
        async graphql(query, variables) {
          const url = options.baseUrl.endsWith('/api/v3')
            ? `${options.baseUrl.slice(0, -'/v3'.length)}/graphql`
            : `${options.baseUrl}/graphql`;
          const { data } = (await exchange('POST /graphql', repo.owner, token, (authorized) =>
            sendJson(repo.owner, `POST ${url}`, { query, variables }, authorized),
          )) as { data: { data?: unknown; errors?: ReadonlyArray<{ readonly message: string }> } };
          if (data.errors !== undefined && data.errors.length > 0) throw new GraphqlRefusal(data.errors.map((error) => error.message));
          return data.data as never;
        },
      };
    },
  };
}

/** What GitHub says in the body of an error; null where that is no JSON of its kind. */
function messageOf(body: string): string | null {
  try {
    const { message } = (JSON.parse(body) ?? {}) as { readonly message?: unknown };
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}

/** GraphQL answers 200 and says no inside. */
export class GraphqlRefusal extends Failure {
  readonly messages: readonly string[];
  constructor(messages: readonly string[]) {
    super('bug', `GitHub refused: ${messages.join('; ').slice(0, 300)}`);
    this.messages = messages;
  }
}
