import type { FaultRule } from '../../../support/github/faults.ts';

/** One kind of fault as it is injected. */
export interface Variant {
  readonly name: string;
  readonly rule: Omit<FaultRule, 'operation' | 'nth'>;
  /** It says no for good; the others pass. */
  readonly refuses?: true;
  /** Only what writes can have taken effect: for a read it is the same as another. */
  readonly writes?: true;
  /** The client reads it as it reads another of these, by the same lines: at a read, which changes nothing, that one stands for it. */
  readonly alike?: true;
  /** Stands for its kind where an earlier step met every fault at the same read of the same activity: the lines that read it are the same. */
  readonly stands?: true;
  /** It is about JSON, or about a body. */
  readonly needs?: 'json' | 'body';
}

/** Every kind, in every form that GitHub gives it. */
export const VARIANTS: readonly Variant[] = [
  { name: '401 expired token', rule: { kind: 'unauthorized' }, stands: true },
  { name: '403', rule: { kind: 'forbidden' }, refuses: true },
  { name: '403 primary limit', rule: { kind: 'primary-limit' } },
  { name: '429 primary limit', rule: { kind: 'primary-limit', status: 429 }, alike: true },
  { name: '403 secondary limit', rule: { kind: 'secondary-limit' }, stands: true },
  { name: '403 secondary limit, Retry-After', rule: { kind: 'secondary-limit', seconds: 30 }, alike: true },
  { name: '429 secondary limit', rule: { kind: 'secondary-limit', status: 429 }, alike: true },
  { name: '429 secondary limit, Retry-After', rule: { kind: 'secondary-limit', status: 429, seconds: 30 } },
  { name: '404', rule: { kind: 'not-found' }, refuses: true, stands: true },
  { name: '409', rule: { kind: 'conflict' }, refuses: true },
  { name: '422', rule: { kind: 'unprocessable' }, refuses: true },
  { name: '500', rule: { kind: 'server-error' }, alike: true },
  { name: '502', rule: { kind: 'bad-gateway' }, stands: true },
  { name: '503', rule: { kind: 'unavailable' }, alike: true },
  { name: 'reset', rule: { kind: 'reset' } },
  { name: 'reset mid-body', rule: { kind: 'reset-mid-body' }, needs: 'body' },
  { name: 'hang', rule: { kind: 'hang' } },
  { name: 'truncated JSON', rule: { kind: 'truncated-json' }, needs: 'json' },
  { name: 'reset after the write took effect', rule: { kind: 'after-effect' }, writes: true },
  { name: 'time-out after the write took effect', rule: { kind: 'after-effect-hang' }, writes: true },
];
