import { type Reply, reply } from '../github/wire.ts';

/** What goes wrong. `after-effect`: the request takes effect, then the connection dies; `after-effect-hang`: nothing ever comes back. */
export const FAULT_KINDS = [
  'invalid-auth',
  'http-401',
  'rate-limited',
  'server-error',
  'unavailable',
  'reset',
  'reset-mid-body',
  'hang',
  'truncated-json',
  'not-ok',
  'refused',
  'after-effect',
  'after-effect-hang',
] as const;
/** One of them. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** When what goes wrong. */
export interface FaultRule {
  readonly kind: FaultKind;
  /** Method of the Web API, or `*`. */
  readonly method: string;
  /** First matching call that is hit, from 1; default 1. */
  readonly nth?: number;
  /** How many calls from there on; default 1. */
  readonly times?: number;
  /** Rate limit: `Retry-After` in seconds; default 7. */
  readonly seconds?: number;
}

/** A fault in force. */
export interface Fault {
  readonly hits: () => number;
}

/** The rules in force. */
export class Faults {
  readonly #rules: Array<{ readonly rule: FaultRule; seen: number; hits: number }> = [];

  add(rule: FaultRule): Fault {
    const entry = { rule, seen: 0, hits: 0 };
    this.#rules.push(entry);
    return { hits: () => entry.hits };
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** The rule that hits this call; counts it. */
  next(method: string): FaultRule | null {
    for (const entry of this.#rules) {
      if (entry.rule.method !== '*' && entry.rule.method !== method) continue;
      entry.seen += 1;
      const first = entry.rule.nth ?? 1;
      if (entry.seen < first || entry.seen >= first + (entry.rule.times ?? 1)) continue;
      entry.hits += 1;
      return entry.rule;
    }
    return null;
  }
}

/** The answer instead of the method's own; null when the fault lies in the connection. */
export function faultReply(rule: FaultRule): Reply | null {
  switch (rule.kind) {
    case 'invalid-auth':
      return reply(200, { ok: false, error: 'invalid_auth' });
    case 'http-401':
      return reply(401, { ok: false, error: 'invalid_auth' });
    case 'rate-limited':
      return reply(429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(rule.seconds ?? 7) });
    case 'server-error':
      return reply(500, { ok: false, error: 'internal_error' });
    case 'unavailable':
      return reply(503, Buffer.from('<html><title>Service Unavailable</title></html>'), { 'content-type': 'text/html' });
    case 'not-ok':
      return reply(200, { ok: false, error: 'fatal_error' });
    case 'refused':
      return reply(200, { ok: false, error: 'restricted_action' });
    default:
      return null;
  }
}
