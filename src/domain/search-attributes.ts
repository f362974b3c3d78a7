/** Search attributes of our workflows by name, with the type the server must register; never secret, never encrypted. */
export const SEARCH_ATTRIBUTES = {
  /** `owner/name`. */
  SutureRepo: 'Keyword',
  SutureSubject: 'Keyword',
  /** A `HealingState`. */
  SutureState: 'Keyword',
  /** An `OutcomeKind`; absent while the healing runs. */
  SutureOutcome: 'Keyword',
  /** A `ReasonCode`; absent while the healing runs. */
  SutureReason: 'Keyword',
  /** A `FailureClass`. */
  SutureClass: 'Keyword',
  SutureAttempt: 'Int',
} as const satisfies Record<string, 'Keyword' | 'Int'>;

/** Name of one search attribute. */
export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;
