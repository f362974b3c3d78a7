import { CancellationScope } from '@temporalio/workflow';
import type { Outcome, OutcomeKind } from '../domain/outcome.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';

/** Outcomes that leave nothing behind; after the others a pull request that was really opened stays, because it is what people go on with. */
const LEAVES_NOTHING: ReadonlySet<OutcomeKind> = new Set(['cancelled', 'superseded', 'recovered-alone', 'rejected', 'merged-into', 'abstained']);

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

  /** Takes back what this outcome does not leave to people; a step that cannot be taken back is recorded and never stops the next. */
  async run(record: HealingRecord, outcome: Outcome): Promise<readonly string[]> {
    const failed: string[] = [];
    await CancellationScope.nonCancellable(async () => {
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
    });
    return failed;
  }
}
