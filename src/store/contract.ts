import type { BudgetAmounts, BudgetClaim, BudgetUnit } from '../domain/budget.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';

/** Content-addressed store for everything too large for workflow history. Writes are idempotent; reads verify the hash. */
export interface ArtifactStore {
  put(content: Uint8Array | string, mediaType: string): Promise<ArtifactRef>;
  /** Throws `Failure` code `artifact-missing` when absent or changed on disk. */
  get(ref: ArtifactRef): Promise<Uint8Array>;
}

/** One action in the audit trail. `key` makes a repeated activity record it once. */
export interface AuditEntry {
  readonly key: string;
  readonly action: string;
  readonly actor: string;
  readonly healingId?: string;
  readonly repo?: string;
  /** Small facts, redacted before they get here. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

/** A signed statement of how long the trail is and which hash it ends with. */
export interface AuditCheckpoint {
  /** Entries covered. */
  readonly size: number;
  /** Hash of the last one, 64 hex digits. */
  readonly hash: string;
  /** The whole signed text, to be copied to where the writer of the trail cannot change it. */
  readonly note: string;
}

/** Append-only hash chain of every action. */
export interface AuditTrail {
  /** Returns the sequence number, from 1; the same key, while it is among the newest 200,000, returns the first one's. Durable when it resolves. */
  append(entry: AuditEntry): Promise<number>;
  /** Signs the present end of the trail; null while it is empty. */
  checkpoint(): Promise<AuditCheckpoint | null>;
}

/** Small records kept by key: results of sandbox jobs, so that a repeated activity does not run them twice. */
export interface RecordStore {
  get(key: string): Promise<string | null>;
  /** First writer wins; returns what is stored. */
  putOnce(key: string, value: string): Promise<string>;
}

/** Cleans the state folder of what is older than it is kept; never of the audit trail, secrets or repositories. */
export interface Retention {
  /** One bounded step; `done` when nothing is left to look at for now. */
  sweep(): Promise<{ readonly removed: number; readonly done: boolean }>;
}

/** What stands in the way of a reservation. */
export interface BudgetExceeded {
  readonly scope: string;
  readonly unit: BudgetUnit;
  readonly used: number;
  readonly limit: number;
}

/** What was used of which budget, reserved before and settled after. Durable, and safe against a process that dies at any moment. */
export interface BudgetLedger {
  /** Sets amounts aside in every scope at once, or in none: null when they fit. The same key reserves once, whatever is asked the second time. */
  reserve(key: string, claims: readonly BudgetClaim[]): Promise<BudgetExceeded | null>;
  /** What was really used of a reservation; the first settling counts. Units that are not named were used as reserved. */
  settle(key: string, used: BudgetAmounts): Promise<void>;
  /** What a scope has used and set aside. */
  used(scope: string): Promise<BudgetAmounts>;
}
