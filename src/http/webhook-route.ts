import type { Request, RequestHandler, Response } from 'express';
import { Failure } from '../domain/failure.ts';
import type { HealingInput, HealingSettings } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { AlertSource } from '../integrations/contract.ts';
import type { Healings } from '../temporal/contract.ts';
import { readBody } from './raw-body.ts';
import { createTokenBucket } from './token-bucket.ts';

/** What the webhook route needs. */
export interface WebhookRouteDeps {
  readonly sources: ReadonlyMap<string, AlertSource>;
  readonly report: Healings['report'];
  readonly settings: HealingSettings;
  readonly webUiUrl: (signal: Signal) => string | undefined;
  readonly accepted: (signal: Signal, healingId: string) => Promise<void>;
  readonly log: { info(facts: object, message: string): void; warn(facts: object, message: string): void };
  readonly now: () => Date;
  /** Deliveries per second and source, with bursts of five times as many. */
  readonly perSecond: number;
}

function answer(response: Response, status: number, body: object): void {
  response.status(status).json(body);
}

function headersOf(request: Request): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
}

function inputFor(signal: Signal, deps: WebhookRouteDeps): HealingInput {
  const webUiUrl = deps.webUiUrl(signal);
  return { repo: signal.repo, subject: signal.subject, settings: deps.settings, ...(webUiUrl === undefined ? {} : { webUiUrl }) };
}

/** `POST /webhooks/:source`: verify on raw bytes, then parse, then store in Temporal, then 202. */
export function webhookRoute(deps: WebhookRouteDeps): RequestHandler {
  const buckets = new Map([...deps.sources.keys()].map((id) => [id, createTokenBucket({ perSecond: deps.perSecond, burst: deps.perSecond * 5, now: () => deps.now().getTime() })]));
  return async (request, response) => {
    const id = String(request.params['source']);
    const source = deps.sources.get(id);
    if (source === undefined) return answer(response, 404, { error: 'unknown source' });
    const type = request.headers['content-type'];
    if (type === undefined || !/^application\/json\b/i.test(type)) return answer(response, 415, { error: 'the content type must be application/json' });
    const body = await readBody(request, source.maxBytes);
    if (body === null) {
      response.set('Connection', 'close');
      return answer(response, 413, { error: `the body is larger than ${source.maxBytes} bytes` });
    }
    const raw = { headers: headersOf(request), body, receivedAt: deps.now() };
    const verified = source.verify(raw);
    if (!verified.ok) {
      deps.log.warn({ source: id, reason: verified.reason }, 'delivery refused');
      return answer(response, 401, { error: verified.reason });
    }
    if (buckets.get(id)?.() === false) {
      response.set('Retry-After', '1');
      return answer(response, 429, { error: 'too many deliveries from this source' });
    }
    const parsed = source.parse(raw);
    switch (parsed.kind) {
      case 'invalid':
        return answer(response, 400, { error: parsed.reason });
      case 'ignored':
        return answer(response, 202, { ignored: parsed.reason });
      case 'signals': {
        const healings: string[] = [];
        try {
          // A delivery of several signals may be cut off between two of them. That is not half-done: the sender is told to
          // come again, and a signal that was stored before is dropped by its id.
          for (const signal of parsed.signals) {
            const { healingId } = await deps.report(inputFor(signal, deps), signal);
            healings.push(healingId);
            await deps.accepted(signal, healingId);
          }
        } catch (error) {
          if (!(error instanceof Failure) || error.code !== 'temporal-unavailable') throw error;
          deps.log.warn({ source: id }, 'Temporal is away; the sender was asked to come again');
          response.set('Retry-After', '5');
          return answer(response, 503, { error: 'Temporal does not answer; send this delivery again' });
        }
        return answer(response, 202, { accepted: parsed.signals.map((signal) => signal.id), healings });
      }
    }
  };
}
