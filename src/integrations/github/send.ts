import { request as octokitRequest } from '@octokit/request';
import type { Endpoints, RequestInterface } from '@octokit/types';
import { Failure } from '../../domain/failure.ts';

/** REST version whose answers we read; dated by GitHub. */
const API_VERSION = '2022-11-28';

/** Parameters that Octokit takes for its own: a field `url` of a body would send the call, and our token, to that address. */
const RESERVED = ['url', 'baseUrl', 'method', 'headers', 'request', 'mediaType'] as const;

/** A route as GitHub's documentation writes it, method and path template. */
export type Route = keyof Endpoints;

/** One call, with nothing between us and Octokit but a time limit and the question whether the answer is whole. */
export interface Send {
  <R extends Route>(route: R, parameters: object, token: string): Promise<Endpoints[R]['response']>;
  /** Octokit's own request, for URLs of calls that are made by hand and for signing in as an App. */
  readonly request: RequestInterface;
}

/** A signal that aborts after so many milliseconds. */
export type TimeLimit = (ms: number) => AbortSignal;

/** Something was cut off: Octokit hands broken JSON and empty bodies on as text. */
function isWhole(response: { readonly status: number; readonly data: unknown }): boolean {
  return response.status === 204 || response.status === 205 || (typeof response.data === 'object' && response.data !== null);
}

/** Octokit's request without retries: Temporal repeats, with GitHub's own wait. An empty token sends none. Throws Octokit's `RequestError`, and `forge-unavailable` for an answer that was cut off. */
export function createSend(options: {
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** Whose clock runs out; default the machine's. */
  readonly timeLimit?: TimeLimit;
}): Send {
  const { timeLimit = AbortSignal.timeout } = options;
  const request = octokitRequest.defaults({
    baseUrl: options.baseUrl,
    headers: { 'user-agent': 'suture', 'x-github-api-version': API_VERSION, accept: 'application/vnd.github+json' },
    // Deprecation notices of the vendor are for us, not for the log of whoever runs this.
    request: { log: { debug() {}, info() {}, warn() {}, error() {} } },
  });
  const send = async (route: string, parameters: object, token: string): Promise<unknown> => {
    const reserved = RESERVED.find((name) => name in parameters);
    if (reserved !== undefined)
      throw new Failure('bug', `the parameter ${reserved} of ${route} would steer the call itself; send it as data`);
    const response = await request(
      route as Route,
      {
        ...parameters,
        headers: token === '' ? {} : { authorization: `bearer ${token}` },
        request: { signal: timeLimit(options.timeoutMs) },
      } as never,
    );
    if (!isWhole(response)) throw new Failure('forge-unavailable', `GitHub's answer to ${route} was cut off`);
    return response;
  };
  return Object.assign(send as never as Send, { request });
}
