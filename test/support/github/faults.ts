import { patternOf } from './router.ts';
import { type Reply, refuse, reply } from './wire.ts';

/** What goes wrong. `after-effect`: the request takes effect, then the connection dies; `after-effect-hang`: nothing ever comes back. */
export type FaultKind =
  | 'unauthorized'
  | 'forbidden'
  | 'primary-limit'
  | 'secondary-limit'
  | 'not-found'
  | 'conflict'
  | 'unprocessable'
  | 'server-error'
  | 'bad-gateway'
  | 'unavailable'
  | 'reset'
  | 'reset-mid-body'
  | 'hang'
  | 'truncated-json'
  | 'after-effect'
  | 'after-effect-hang';

/** Every kind, for matrices. */
export const FAULT_KINDS: readonly FaultKind[] = [
  'unauthorized',
  'forbidden',
  'primary-limit',
  'secondary-limit',
  'not-found',
  'conflict',
  'unprocessable',
  'server-error',
  'bad-gateway',
  'unavailable',
  'reset',
  'reset-mid-body',
  'hang',
  'truncated-json',
  'after-effect',
  'after-effect-hang',
];

/** When what goes wrong. */
export interface FaultRule {
  readonly kind: FaultKind;
  /** Method and path template as in GitHub's documentation, or `*` for every call. */
  readonly operation: string;
  /** First matching call that is hit, from 1; default 1. */
  readonly nth?: number;
  /** How many calls from there on; default 1. */
  readonly times?: number;
  /** Limits: status 403 or 429; default 403. */
  readonly status?: 403 | 429;
  /** Secondary limit: `retry-after` in seconds; absent: no such header. Primary limit: seconds until the reset; default 60. */
  readonly seconds?: number;
}

/** A fault in force. */
export interface Fault {
  readonly rule: FaultRule;
  /** Calls that it has hit. */
  readonly hits: () => number;
  remove(): void;
}

/** The rules in force and what they do to a call. */
export class Faults {
  readonly #rules: Array<{
    readonly rule: FaultRule;
    readonly method: string;
    readonly pattern: RegExp | null;
    seen: number;
    hits: number;
  }> = [];

  add(rule: FaultRule): Fault {
    const [method = '', template = ''] = rule.operation.split(' ');
    const entry = { rule, method, pattern: rule.operation === '*' ? null : patternOf(template), seen: 0, hits: 0 };
    this.#rules.push(entry);
    return {
      rule,
      hits: () => entry.hits,
      remove: () => {
        const at = this.#rules.indexOf(entry);
        if (at >= 0) this.#rules.splice(at, 1);
      },
    };
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** The rule that hits this call; counts it. */
  next(method: string, path: string): FaultRule | null {
    let hit: FaultRule | null = null;
    for (const entry of this.#rules) {
      if (entry.pattern !== null && (entry.method !== method || !entry.pattern.test(path))) continue;
      entry.seen += 1;
      const first = entry.rule.nth ?? 1;
      if (hit !== null || entry.seen < first || entry.seen >= first + (entry.rule.times ?? 1)) continue;
      entry.hits += 1;
      hit = entry.rule;
    }
    return hit;
  }
}

/** The answer instead of the operation's own; null when the fault lies in the connection. */
export function faultReply(rule: FaultRule, now: number): Reply | null {
  const seconds = rule.seconds ?? 60;
  switch (rule.kind) {
    case 'unauthorized':
      return refuse(401, 'Bad credentials');
    case 'forbidden':
      return refuse(403, 'Resource not accessible by integration');
    case 'primary-limit':
      return {
        ...refuse(rule.status ?? 403, 'API rate limit exceeded for installation ID 1.'),
        headers: {
          'x-ratelimit-limit': '5000',
          'x-ratelimit-remaining': '0',
          'x-ratelimit-used': '5000',
          'x-ratelimit-resource': 'core',
          'x-ratelimit-reset': String(Math.ceil(now / 1000) + seconds),
        },
      };
    case 'secondary-limit':
      return {
        ...refuse(rule.status ?? 403, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'),
        headers: rule.seconds === undefined ? {} : { 'retry-after': String(rule.seconds) },
      };
    case 'not-found':
      return refuse(404, 'Not Found');
    case 'conflict':
      return refuse(409, 'Conflict');
    case 'unprocessable':
      return refuse(422, 'Validation Failed', [{ resource: 'Unknown', code: 'custom', message: 'refused by a fault' }]);
    case 'server-error':
      return refuse(500, 'Server Error');
    case 'bad-gateway':
      return reply(502, Buffer.from('<html><title>502 Bad Gateway</title></html>'), { 'content-type': 'text/html' });
    case 'unavailable':
      return refuse(503, 'Service Unavailable');
    default:
      return null;
  }
}
