import type { Outcome, OutcomeKind } from '../domain/outcome.ts';
import { oneLine } from './plain.ts';

/** Outcomes that leave nothing behind; after the others a pull request that was really opened stays, because it is what people go on with. */
const LEAVES_NOTHING: ReadonlySet<OutcomeKind> = new Set([
  'cancelled',
  'superseded',
  'recovered-alone',
  'rejected',
  'merged-into',
  'abstained',
]);

/** Where it is written down what was taken back. */
export interface UndoLog {
  note(text: string): void;
  audit(action: string, facts: Readonly<Record<string, string>>): void;
}

interface Compensation {
  readonly name: string;
  readonly run: () => Promise<void>;
  settled: boolean;
}

/** What to take back, last in first out. */
export class UndoStack {
  #stack: Compensation[] = [];

  /** Call it before the step, because the step's result may stay unknown. The returned function says that the step is known to have ended. */
  push(name: string, run: () => Promise<void>): () => void {
    const entry: Compensation = { name, run, settled: false };
    this.#stack.push(entry);
    return () => {
      entry.settled = true;
    };
  }

  /** The point of no return is passed: nothing is taken back any more. */
  clear(): void {
    this.#stack = [];
  }

  /** Takes back what this outcome does not leave to people; call it in a scope that cannot be cancelled. A step that cannot be taken back is recorded and never stops the next. */
  async run(record: UndoLog, outcome: Outcome): Promise<readonly string[]> {
    const failed: string[] = [];
    for (let entry = this.#stack.pop(); entry !== undefined; entry = this.#stack.pop()) {
      if (entry.settled && !LEAVES_NOTHING.has(outcome.kind)) continue;
      try {
        await entry.run();
        record.note(`Taken back: ${entry.name}`);
        record.audit('undone', { step: entry.name });
      } catch (error) {
        const why = oneLine(error instanceof Error ? error.message : String(error), 200);
        failed.push(entry.name);
        record.note(`Could not take back: ${entry.name}: ${why}`);
        record.audit('undo-failed', { step: entry.name, why });
      }
    }
    return failed;
  }
}
