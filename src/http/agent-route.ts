import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  bearerAuthChallengeResponse,
  createMcpHandler,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  type McpServer,
  OAuthError,
  OAuthErrorCode,
  validateHostHeader,
  validateOriginHeader,
  verifyBearerToken,
} from '@modelcontextprotocol/server';
import type { Request, RequestHandler, Response } from 'express';
import type { Actor } from '../domain/signal.schema.ts';
import { parseOutsideJson } from '../lib/safe-json.ts';
import type { BodyBudget } from './body-budget.ts';
import { readBody } from './raw-body.ts';
import { createTokenBucket } from './token-bucket.ts';

/** One agent as HTTP serves it. */
export interface ServedAgent {
  readonly id: string;
  /** Largest request, in bytes. */
  readonly maxBytes: number;
  /** A server of it for one caller. */
  readonly server: (caller: Actor) => McpServer;
}

/** What the doors of agents have in common. */
export interface AgentRouteDeps {
  /** Who holds this token; null for one that nobody holds, or that has expired. Compares in constant time. */
  readonly bearer: (token: string) => Actor | null;
  /** Host names, beside those of this machine, by which agents are reached: browsers of others must not get here by a name of their own. */
  readonly hosts: readonly string[];
  readonly log: Record<'warn' | 'error', (facts: object, message: string) => void>;
  /** Calls a second of one caller, with bursts of five times as many. */
  readonly perSecond: number;
  readonly now: () => Date;
}

/** A token was looked up for this very request; the SDK wants a time until which it holds, and compares it with the machine's clock. */
const TOKEN_SECONDS = 60;
/** Lines a second about refused requests. */
const REFUSALS_LOGGED = 5;
/** Callers whose rate is remembered; they are people of the configuration. */
const MAX_CALLERS = 1_000;

function refuse(response: Response, status: number, error: string): void {
  if (!response.headersSent) response.status(status).json({ error });
}

/** What a web answer says, through Express. */
async function pass(answer: globalThis.Response, response: Response): Promise<void> {
  answer.headers.forEach((value, name) => void response.set(name, value));
  response.status(answer.status).send(await answer.text());
}

/** `POST /mcp/<agent>`: Host, Origin, bearer, rate, size, JSON, then the protocol. Every request stands alone: no session, no stream that lasts. */
export function agentRoute(agent: ServedAgent, deps: AgentRouteDeps, budget: BodyBudget): RequestHandler {
  const hosts = [...localhostAllowedHostnames(), ...deps.hosts];
  const origins = [...localhostAllowedOrigins(), ...deps.hosts];
  const clock = () => deps.now().getTime();
  const mayLog = createTokenBucket({ perSecond: REFUSALS_LOGGED, burst: REFUSALS_LOGGED * 5, now: clock });
  const rates = new Map<string, () => boolean>();
  const handler = createMcpHandler((context) => agent.server(context.authInfo?.extra?.['actor'] as Actor), {
    // Long calls must send their headers at once, or clients give up waiting for them.
    responseMode: 'sse',
    maxRequestBodySize: agent.maxBytes,
    onerror: (error) => {
      if (mayLog()) deps.log.warn({ agent: agent.id, reason: error.message }, 'request refused');
    },
  });
  const serve = toNodeHandler(handler, { onerror: (error) => deps.log.error({ agent: agent.id, err: error }, 'request failed') });
  const verifier = {
    async verifyAccessToken(token: string) {
      const actor = deps.bearer(token);
      if (actor === null) throw new OAuthError(OAuthErrorCode.InvalidToken, 'nobody holds this token, or it has expired');
      const expiresAt = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
      return { token: '', clientId: actor.id, scopes: [], expiresAt, extra: { actor } };
    },
  };

  function mayCall(caller: string): boolean {
    if (rates.size >= MAX_CALLERS) rates.clear();
    const rate = rates.get(caller) ?? createTokenBucket({ perSecond: deps.perSecond, burst: deps.perSecond * 5, now: clock });
    rates.set(caller, rate);
    return rate();
  }

  /** Whoever holds the token of a request; answers 401 with its challenge when nobody does. */
  async function authenticated(request: Request, response: Response) {
    try {
      return await verifyBearerToken(request.headers.authorization, { verifier });
    } catch (error) {
      if (mayLog()) deps.log.warn({ agent: agent.id }, 'a call without a valid token');
      await pass(bearerAuthChallengeResponse(error), response);
      return null;
    }
  }

  return async (request, response) => {
    if (!validateHostHeader(request.headers.host, hosts).ok)
      return refuse(response, 403, 'this host name is not served here; name it in agents.hosts');
    if (!validateOriginHeader(request.headers.origin, origins).ok) return refuse(response, 403, 'this origin may not call');
    if (request.method !== 'POST') {
      response.set('Allow', 'POST');
      return refuse(response, 405, 'only POST: there are no sessions and no standing streams');
    }
    const auth = await authenticated(request, response);
    if (auth === null) return;
    if (!mayCall(auth.clientId)) {
      response.set('Retry-After', '1');
      return refuse(response, 429, 'too many calls; come again later');
    }
    if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
      return refuse(response, 415, 'the content type must be application/json');
    const body = await readBody(request, agent.maxBytes, budget);
    if (body.kind === 'cut-off') return void response.destroy();
    if (body.kind !== 'read') {
      response.set('Connection', 'close');
      return refuse(
        response,
        body.kind === 'too-large' ? 413 : 503,
        `the body is larger than ${agent.maxBytes} bytes, or too many are under way`,
      );
    }
    try {
      const json = parseOutsideJson(body.bytes);
      if (!json.ok) return refuse(response, 400, json.reason);
      await serve(Object.assign(request, { auth }), response, json.value);
    } finally {
      body.done();
    }
  };
}
