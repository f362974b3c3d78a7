import { createServer, type Server } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { type WebhookRouteDeps, webhookRoute } from './webhook-route.ts';

/** What the app needs besides the webhook route's own. */
export interface AppDeps extends WebhookRouteDeps {
  readonly ping: () => Promise<void>;
}

/** The front door: webhooks, health, readiness, and nothing else. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'up' });
  });
  app.get('/readyz', async (_request, response) => {
    try {
      await deps.ping();
      response.json({ status: 'ready' });
    } catch {
      response.status(503).json({ status: 'not ready', reason: 'Temporal does not answer' });
    }
  });
  app.post('/webhooks/:source', webhookRoute(deps));
  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  const onError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    deps.log.warn({ error: error instanceof Error ? error.message : String(error) }, 'request failed');
    if (response.headersSent) response.destroy();
    else response.status(500).json({ error: 'internal error' });
  };
  app.use(onError);
  return app;
}

/** An HTTP server for the app with limits on slow clients: 10 s for the headers, 30 s for a request, 5 s between requests. */
export function createHttpServer(app: Express): Server {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384, connectionsCheckingInterval: 2_000 }, app);
  server.maxConnections = 2_000;
  return server;
}
