import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { ApprovalDecision } from '../domain/decision.schema.ts';
import { FAILURES, Failure } from '../domain/failure.ts';
import { parseHealingId } from '../domain/ids.ts';
import type { Actor } from '../domain/signal.schema.ts';
import { oneLine } from '../lib/one-line.ts';
import { parseOutsideJson } from '../lib/safe-json.ts';
import type { DecisionResult, Healings } from '../temporal/contract.ts';
import type { BodyBudget } from './body-budget.ts';
import { readBody } from './raw-body.ts';
import { createTokenBucket } from './token-bucket.ts';

/** One refused or taken decision, for the audit trail. */
export interface DecisionAttempt {
  readonly key: string;
  readonly healingId: string;
  readonly actor: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** What the door for decisions needs. */
export interface DecisionRouteDeps {
  /** Who holds this token; null for one that nobody holds. Compares in constant time. */
  readonly bearer: (token: string) => Actor | null;
  readonly decide: Healings['decide'];
  readonly delegate: Healings['delegate'];
  readonly view: Healings['view'];
  /** Writes down what was refused: what was applied is written down by the healing. Must be safe to repeat. */
  readonly refused: (attempt: DecisionAttempt) => Promise<void>;
  readonly log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
}

const MAX_BYTES = 8 * 1024;

const Line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .transform((text) => oneLine(text, max));

const common = {
  changeSetHash: ApprovalDecision.shape.changeSetHash,
  /** Same key, same decision: repeats are harmless. Absent: the same bytes by the same person are the same decision. */
  idempotencyKey: z.string().min(1).max(150).optional(),
};

/** A decision over HTTP, or handing it on. Who decides is said by the token, never by the body. */
export const DecisionRequest = z.discriminatedUnion('verdict', [
  z.strictObject({ ...common, verdict: z.enum(['approve', 'reject']), comment: Line(500).optional() }),
  z.strictObject({ ...common, verdict: z.literal('delegate'), to: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:._-]{0,199}$/) }),
]);
export type DecisionRequest = z.infer<typeof DecisionRequest>;

const STATUS: Readonly<Record<Extract<DecisionResult, { kind: 'refused' }>['reason'], number>> = {
  NotAwaitingApproval: 409,
  StaleApproval: 409,
  AlreadyDecided: 409,
  HealingEnded: 410,
  NotAnApprover: 403,
  NotADelegate: 422,
  NotJoined: 422,
};

/** The healing that a path names; Express gives the parts between slashes, decoded. */
function healingOf(request: Request): string | null {
  const given: unknown = request.params['id'];
  const id = Array.isArray(given) ? given.join('/') : String(given);
  return parseHealingId(id) !== null && /^[A-Za-z0-9._:/-]{1,300}$/.test(id) ? id : null;
}

/** Anybody can come without a token, and a log must not fill the disk: 5 lines a second. */
const refusalsLogged = () => createTokenBucket({ perSecond: 5, burst: 25, now: Date.now });

function answer(response: Response, status: number, body: object, retryAfterSeconds?: number): void {
  if (response.destroyed || response.headersSent) return;
  if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
  response.status(status).json(body);
}

/** Whoever holds the token of a request; answers 401 when nobody does. */
function authenticated(deps: DecisionRouteDeps, request: Request, response: Response, mayLog: () => boolean): Actor | null {
  const token = /^bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const actor = token === undefined ? null : deps.bearer(token);
  if (actor === null) {
    if (mayLog())
      deps.log.warn({ reason: token === undefined ? 'no bearer token' : 'an unknown bearer token' }, 'decision refused at the door');
    response.set('WWW-Authenticate', 'Bearer');
    answer(response, 401, { error: 'an `Authorization: Bearer` header with a valid token is needed' });
  }
  return actor;
}

async function carryOut(
  deps: DecisionRouteDeps,
  healing: string,
  id: string,
  actor: Actor,
  asked: DecisionRequest,
): Promise<DecisionResult> {
  const { changeSetHash } = asked;
  if (asked.verdict === 'delegate') return deps.delegate(healing, { id, changeSetHash, actor, to: asked.to, via: 'http' });
  const { verdict, comment } = asked;
  return deps.decide(healing, { id, verdict, changeSetHash, actor, via: 'http', ...(comment === undefined ? {} : { comment }) });
}

/** Answers 503 for what a repeat may mend and passes everything else on. */
function unavailable(error: unknown, response: Response): void {
  if (!(error instanceof Failure) || !FAILURES[error.code].retry) throw error;
  answer(response, 503, { error: `${error.code}: send this again` }, 5);
}

/** `POST /api/healings/<id>/decision`: the same approval record as every other door, by a bearer token. 200 applied, 202 stored until a worker is there. */
export function decisionRoute(deps: DecisionRouteDeps, budget: BodyBudget): RequestHandler {
  const mayLog = refusalsLogged();

  async function handle(request: Request, response: Response, actor: Actor, bytes: Uint8Array): Promise<void> {
    const healing = healingOf(request);
    if (healing === null) return answer(response, 404, { error: 'no such healing' });
    const json = parseOutsideJson(bytes);
    if (!json.ok) return answer(response, 400, { error: json.reason });
    const read = DecisionRequest.safeParse(json.value);
    if (!read.success) {
      const problems = read.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`);
      return answer(response, 400, { error: problems.join('; ').slice(0, 500) });
    }
    const key = read.data.idempotencyKey ?? Buffer.from(bytes).toString('base64');
    const id = `http-${createHash('sha256')
      .update(JSON.stringify([healing, actor.id, key]))
      .digest('hex')
      .slice(0, 40)}`;
    const result = await carryOut(deps, healing, id, actor, read.data);
    deps.log.info({ healing, by: actor.id, verdict: read.data.verdict, result: result.kind }, 'decision by HTTP');
    switch (result.kind) {
      case 'applied':
        return answer(response, 200, { result: 'applied', verdict: read.data.verdict, by: actor.id });
      case 'stored':
        return answer(response, 202, { result: 'stored', detail: 'no worker answered in time; it is applied as soon as one does' });
      case 'not-found':
        return answer(response, 404, { error: 'no such healing is under way' });
      case 'refused':
        await deps.refused({
          key: `decision/${id}/${result.reason}`,
          healingId: healing,
          actor: actor.id,
          facts: { verdict: read.data.verdict, type: result.reason, hash: read.data.changeSetHash, via: 'http' },
        });
        return answer(response, STATUS[result.reason], { result: 'refused', reason: result.reason, detail: result.detail });
    }
  }

  return async (request, response) => {
    const actor = authenticated(deps, request, response, mayLog);
    if (actor === null) return;
    if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
      return answer(response, 415, { error: 'the content type must be application/json' });
    const body = await readBody(request, MAX_BYTES, budget);
    if (body.kind === 'cut-off') return void response.destroy();
    if (body.kind !== 'read') {
      response.set('Connection', 'close');
      return answer(response, body.kind === 'too-large' ? 413 : 503, {
        error: `the body is larger than ${MAX_BYTES} bytes, or too many are under way`,
      });
    }
    try {
      await handle(request, response, actor, body.bytes);
    } catch (error) {
      unavailable(error, response);
    } finally {
      body.done();
    }
  };
}

/** `GET /api/healings/<id>`: what a healing shows, so that who decides by HTTP knows on what: its `approval.changeSetHash` goes into the decision. */
export function viewRoute(deps: DecisionRouteDeps): RequestHandler {
  const mayLog = refusalsLogged();
  return async (request, response) => {
    if (authenticated(deps, request, response, mayLog) === null) return;
    const healing = healingOf(request);
    try {
      const view = healing === null ? null : await deps.view(healing);
      if (view === null) return answer(response, 404, { error: 'no such healing' });
      answer(response, 200, view);
    } catch (error) {
      unavailable(error, response);
    }
  };
}
