/** Closed list of failure codes: whether a repeat can help, and whose fault it is. */
export const FAILURES = {
  'sandbox-unavailable': { retry: false, fault: 'operator' },
  'tool-missing': { retry: false, fault: 'operator' },
  'disk-full': { retry: true, fault: 'operator' },
  'configuration-invalid': { retry: false, fault: 'operator' },
  'policy-invalid': { retry: false, fault: 'repository' },
  'repository-gone': { retry: false, fault: 'repository' },
  'revision-gone': { retry: false, fault: 'repository' },
  'too-large': { retry: false, fault: 'repository' },
  'plan-invalid': { retry: false, fault: 'suture' },
  'artifact-missing': { retry: false, fault: 'operator' },
  'temporal-unavailable': { retry: true, fault: 'operator' },
  'forge-unavailable': { retry: true, fault: 'vendor' },
  'health-unavailable': { retry: true, fault: 'vendor' },
  'notifier-unavailable': { retry: true, fault: 'vendor' },
  'model-unavailable': { retry: true, fault: 'vendor' },
  'executor-unavailable': { retry: true, fault: 'operator' },
  'rate-limited': { retry: true, fault: 'vendor' },
  'not-permitted': { retry: false, fault: 'operator' },
  conflict: { retry: true, fault: 'vendor' },
  cancelled: { retry: false, fault: 'person' },
  bug: { retry: false, fault: 'suture' },
} as const satisfies Record<string, { retry: boolean; fault: 'operator' | 'repository' | 'vendor' | 'person' | 'suture' }>;

/** One code of the closed list. */
export type FailureCode = keyof typeof FAILURES;

/** What cannot be expected: thrown with a code; `message` is one clear line with the way out, free of secrets. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  /** How long the vendor asked to be left alone, in milliseconds; undefined when it did not say. */
  readonly retryAfterMs: number | undefined;
  constructor(code: FailureCode, message: string, options?: ErrorOptions & { readonly retryAfterMs?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
