import { createServer, type Server } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { mountAgents } from './agent-app.ts';
import type { AgentRouteDeps, ServedAgent } from './agent-route.ts';
import { createBodyBudget } from './body-budget.ts';
import { type DecisionRouteDeps, decisionRoute, viewRoute } from './decision-route.ts';
import { inputRoute, resultRoute, type ServedExchange } from './exchange-route.ts';
import { type WebhookRouteDeps, webhookRoute } from './webhook-route.ts';

/** What the app needs besides the webhook route's own. */
export interface AppDeps extends WebhookRouteDeps {
  /** Round trip to Temporal; rejects when it does not answer. */
  readonly ping: () => Promise<void>;
  /** People who decide over HTTP; absent: there is no such door. */
  readonly decisions?: DecisionRouteDeps;
  /** Files of jobs that run elsewhere; absent: there is no such door. */
  readonly exchange?: ServedExchange;
  /** Agents over MCP; absent: there is no such door. */
  readonly agents?: { readonly served: readonly ServedAgent[]; readonly deps: AgentRouteDeps };
}

/** Slow senders are cut off: milliseconds for all headers, for a whole request, and between two on one connection. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const IDLE_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;
const MAX_CONNECTIONS = 2_000;

/** Memory that decisions under way may take together, in bytes. */
const DECISION_BYTES = 4 * 1024 * 1024;

/** Share the answer among all who ask at the same time: a readiness probe is open to everybody. */
function shared(ping: () => Promise<void>): () => Promise<void> {
  let pending: Promise<void> | null = null;
  return () => {
    pending ??= ping().finally(() => {
      pending = null;
    });
    return pending;
  };
}

/** Whether Express itself refuses the request, such as for a path that cannot be decoded. */
function isBadRequest(error: unknown): boolean {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}

/** The front door: webhooks, decisions, health, readiness, and nothing else. Every answer is one line of JSON. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  const ping = shared(deps.ping);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'up' });
  });
  app.get('/readyz', async (_request, response) => {
    try {
      await ping();
      response.json({ status: 'ready' });
    } catch {
      response.status(503).json({ status: 'not ready', reason: 'Temporal does not answer' });
    }
  });
  app.post('/webhooks/:source', webhookRoute(deps));
  if (deps.decisions !== undefined) {
    const budget = createBodyBudget(DECISION_BYTES);
    app.post('/api/healings/*id/decision', decisionRoute(deps.decisions, budget));
    app.get('/api/healings/*id', viewRoute(deps.decisions));
  }
  if (deps.exchange !== undefined) {
    app.get('/exchange/:id/input', inputRoute(deps.exchange, deps.now));
    app.put('/exchange/:id/result', resultRoute(deps.exchange, deps.now));
  }
  if (deps.agents !== undefined) mountAgents(app, deps.agents.served, deps.agents.deps);
  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  // Express tells an error handler by its four parameters.
  const onError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (isBadRequest(error)) {
      response.status(400).json({ error: 'bad request' });
      return;
    }
    deps.log.error({ err: error }, 'request failed');
    response.status(500).json({ error: 'internal error' });
  };
  app.use(onError);
  return app;
}

/** An HTTP server for the app that bounds slow senders, large headers and the number of connections. */
export function createHttpServer(app: Express): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: 2_000,
    },
    app,
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}
