import { CancellationScope } from '@temporalio/workflow';
import type { Activities } from '../activities/contract.ts';
import { act } from './activity-options.ts';

/** Small facts of one audit entry. */
export type AuditFacts = Readonly<Record<string, string | number | boolean | null>>;

/** Entries that one activity writes: some kB at most. */
const AUDIT_BATCH = 10;

type AuditEntry = Parameters<Activities['recordAudit']>[0]['entries'][number];

/** Where the numbering of entries stands, and what is not written yet; handed over by continue-as-new. */
export interface AuditState {
  readonly numbered: number;
  readonly unwritten: readonly AuditEntry[];
}

/** The audit entries of one healing, in order and numbered without a gap, written beside its story. */
export class AuditLog {
  readonly #key: string;
  readonly #healingId: string;
  readonly #unwritten: AuditEntry[];
  #numbered: number;
  #writing: Promise<void> | null = null;
  #busy = false;

  constructor(key: string, healingId: string, carried?: AuditState) {
    this.#key = key;
    this.#healingId = healingId;
    this.#numbered = carried?.numbered ?? 0;
    this.#unwritten = [...(carried?.unwritten ?? [])];
    if (this.#unwritten.length > 0) this.#begin();
  }

  /** Appends one; what comes while an entry is being written goes with the next. */
  append(action: string, facts: AuditFacts, actor: string): void {
    this.#numbered += 1;
    this.#unwritten.push({ key: `${this.#key}/${this.#numbered}`, healingId: this.#healingId, action, actor, facts });
    this.#begin();
  }

  /** Everything so far is in the audit trail; throws when it cannot be written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Whether entries are being written right now. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Goes on after entries could not be written: they are tried again with the next one. */
  forgetFailure(): void {
    this.#writing = null;
  }

  /** What the next run goes on with. */
  handOver(): AuditState {
    return { numbered: this.#numbered, unwritten: this.#unwritten };
  }

  #begin(): void {
    this.#writing ??= this.#write();
    this.#writing.catch(() => undefined);
  }

  async #write(): Promise<void> {
    this.#busy = true;
    try {
      // Everything that the same step of the story says goes together.
      await Promise.resolve();
      while (this.#unwritten.length > 0) {
        const entries = this.#unwritten.slice(0, AUDIT_BATCH);
        const names = [...new Set(entries.map((entry) => entry.action))].join(', ');
        await CancellationScope.nonCancellable(() => act('recordAudit', `audit: ${names}`, { entries }));
        this.#unwritten.splice(0, entries.length);
      }
      this.#writing = null;
    } finally {
      this.#busy = false;
    }
  }
}
