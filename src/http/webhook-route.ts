import type { Request, RequestHandler, Response } from 'express';
import { FAILURES, Failure } from '../domain/failure.ts';
import { healingId } from '../domain/ids.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { AlertSource, RawRequest } from '../integrations/contract.ts';
import { createBodyBudget } from './body-budget.ts';
import { createPatience, type Patience } from './patience.ts';
import { readBody } from './raw-body.ts';
import { type SignalDoor, storeSignal } from './store-signal.ts';
import { createTokenBucket } from './token-bucket.ts';

/** What the webhook route needs. */
export interface WebhookRouteDeps extends SignalDoor {
  readonly sources: ReadonlyMap<string, AlertSource>;
  /** Records that a verified signal has arrived, while Temporal stores it: the answer waits for both. Must be safe to repeat. */
  readonly received: (signal: Signal, healingId: string) => Promise<void>;
  /** `error` means a bug of ours. */
  readonly log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
  readonly now: () => Date;
  /** Deliveries per second and source, with bursts of five times as many. */
  readonly perSecond: number;
  /** Memory that all bodies under way may take together, in bytes; default 64 MiB. */
  readonly bodyBytes?: number;
  /** Stores what could not wait for its answer; one of its own is made when it is absent. */
  readonly patience?: Patience;
}

/** Lines a second about refused deliveries: anybody can send those, and a log must not fill the disk. */
const REFUSALS_LOGGED_PER_SECOND = 5;
const BODY_BYTES = 64 * 1024 * 1024;

function answer(response: Response, status: number, body: object, retryAfterSeconds?: number): void {
  if (response.destroyed || response.headersSent) return;
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  response.status(status).json(body);
}

/** What an impatient vendor takes for yes, and nothing else: its person would read the words of anything more. */
function acknowledge(response: Response): void {
  if (!response.destroyed && !response.headersSent) response.status(200).end();
}

function headersOf(request: Request): RawRequest['headers'] {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

interface Stored {
  readonly accepted: string[];
  readonly healings: string[];
}

/**
 * Store every signal of a delivery, in order. A delivery of several may be cut off between two of them. That is not half-done:
 * the sender is told to come again, and what was stored before is dropped by its delivery id, so a repeat is harmless.
 */
async function store(signals: readonly Signal[], deps: WebhookRouteDeps): Promise<Stored> {
  const stored: Stored = { accepted: [], healings: [] };
  for (const signal of signals) {
    const id = healingId(signal.repo, signal.subject);
    const [taken] = await Promise.all([storeSignal(signal, id, deps), deps.received(signal, id)]);
    if (!taken) continue;
    stored.accepted.push(signal.id);
    stored.healings.push(id);
  }
  return stored;
}

/** `POST /webhooks/:source`: verify on raw bytes, then parse, then store in Temporal, then 202. */
export function webhookRoute(deps: WebhookRouteDeps): RequestHandler {
  const clock = () => deps.now().getTime();
  const bucket = (perSecond: number) => createTokenBucket({ perSecond, burst: perSecond * 5, now: clock });
  const buckets = new Map([...deps.sources.keys()].map((id) => [id, bucket(deps.perSecond)]));
  const mayLog = bucket(REFUSALS_LOGGED_PER_SECOND);
  const budget = createBodyBudget(deps.bodyBytes ?? BODY_BYTES);
  const patience = deps.patience ?? createPatience();

  function ignore(response: Response, id: string, reason: string): void {
    deps.log.info({ source: id, reason }, 'delivery ignored');
    if (deps.sources.get(id)?.impatient !== undefined) acknowledge(response);
    else answer(response, 202, { ignored: reason });
  }

  /** Stores for a vendor that does not come again: it is answered in time, whatever becomes of it. */
  async function storeInTime(
    id: string,
    source: AlertSource,
    signals: readonly Signal[],
    raw: RawRequest,
    response: Response,
  ): Promise<void> {
    if (source.impatient === undefined) return;
    const { answerWithinMs } = source.impatient;
    const tell = () => source.impatient?.notStored(raw) ?? Promise.resolve();
    const delivery = signals.map((signal) => signal.id);
    const work = async (): Promise<void> => {
      const stored = await store(signals, deps);
      deps.log.info({ source: id, ...stored }, 'delivery accepted');
    };
    await patience.within(answerWithinMs, work, async (error) => {
      const ours = !(error instanceof Failure);
      deps.log[ours ? 'error' : 'warn'](
        ours ? { source: id, delivery, err: error } : { source: id, delivery, code: error.code, reason: error.message },
        'not stored; whoever sent it is told so',
      );
      await tell();
    });
    acknowledge(response);
  }

  async function handle(id: string, source: AlertSource, raw: RawRequest, response: Response): Promise<void> {
    const verified = source.verify(raw);
    if (!verified.ok) {
      if (mayLog()) deps.log.warn({ source: id, reason: verified.reason }, 'delivery refused');
      return answer(response, 401, { error: verified.reason });
    }
    // After the signature: who holds no secret cannot use up the share of those who do.
    if (buckets.get(id)?.() !== true)
      return answer(response, 429, { error: 'too many deliveries from this source; send it again later' }, 1);
    const parsed = source.parse(raw);
    switch (parsed.kind) {
      case 'invalid':
        return answer(response, 400, { error: parsed.reason });
      case 'ignored':
        return ignore(response, id, parsed.reason);
      case 'signals': {
        if (source.impatient !== undefined) return storeInTime(id, source, parsed.signals, raw, response);
        try {
          const stored = await store(parsed.signals, deps);
          if (stored.accepted.length === 0) return ignore(response, id, 'no healing is running that this concerns');
          deps.log.info({ source: id, ...stored }, 'delivery accepted');
          return answer(response, 202, stored);
        } catch (error) {
          if (!(error instanceof Failure) || !FAILURES[error.code].retry) throw error;
          const delivery = parsed.signals.map((signal) => signal.id);
          deps.log.warn(
            { source: id, delivery, code: error.code, reason: error.message },
            'not stored; the sender was asked to come again',
          );
          return answer(response, 503, { error: `${error.code}: send this delivery again` }, 5);
        }
      }
    }
  }

  return async (request, response) => {
    const id = String(request.params['source']);
    const source = deps.sources.get(id);
    if (source === undefined) return answer(response, 404, { error: 'unknown source' });
    const wanted = source.contentType ?? 'application/json';
    if (request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() !== wanted) {
      return answer(response, 415, { error: `the content type must be ${wanted}` });
    }
    const body = await readBody(request, source.maxBytes, budget);
    switch (body.kind) {
      case 'cut-off':
        return void response.destroy();
      case 'too-large':
        response.set('Connection', 'close');
        return answer(response, 413, { error: `the body is larger than ${source.maxBytes} bytes` });
      case 'no-room':
        response.set('Connection', 'close');
        return answer(response, 503, { error: 'too many large deliveries at once; send it again later' }, 1);
      case 'read':
        try {
          const raw = { headers: headersOf(request), body: body.bytes, receivedAt: deps.now() };
          if (source.isProbe?.(raw) === true) return acknowledge(response);
          await handle(id, source, raw, response);
        } finally {
          body.done();
        }
    }
  };
}
