import express, { type ErrorRequestHandler, type Express } from 'express';
import { type AgentRouteDeps, agentRoute, type ServedAgent } from './agent-route.ts';
import { createBodyBudget } from './body-budget.ts';

/** Memory that calls under way may take together, in bytes. */
const BODY_BYTES = 96 * 1024 ** 2;

/** Puts agents at `/mcp/<id>` of an app. */
export function mountAgents(app: Express, agents: readonly ServedAgent[], deps: AgentRouteDeps): void {
  const budget = createBodyBudget(BODY_BYTES);
  for (const agent of agents) app.all(`/mcp/${agent.id}`, agentRoute(agent, deps, budget));
}

/** An app of agents alone, for one that has a process of its own. */
export function createAgentApp(agents: readonly ServedAgent[], deps: AgentRouteDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'up' });
  });
  mountAgents(app, agents, deps);
  app.use((_request, response) => {
    response.status(404).json({ error: 'not found' });
  });
  // Express tells an error handler by its four parameters.
  const onError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    deps.log.error({ err: error }, 'request failed');
    if (response.headersSent) response.destroy();
    else response.status(500).json({ error: 'internal error' });
  };
  app.use(onError);
  return app;
}
