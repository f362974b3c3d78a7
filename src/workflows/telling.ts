import { CancellationScope } from '@temporalio/workflow';

/** Telling people beside the story: in order, each tried as long as its own limits say, and never waited for by what heals. */
export class Telling {
  readonly #failed: (what: string) => void;
  #last: Promise<void> = Promise.resolve();
  #open = 0;

  /** `failed` notes what could not be told. */
  constructor(failed: (what: string) => void) {
    this.#failed = failed;
  }

  /** Tells after everything that was told before; a failure is noted and stops nothing. Stopping the healing does not stop it. */
  tell(what: string, begin: () => Promise<void>): void {
    this.#open += 1;
    this.#last = this.#last.then(async () => {
      try {
        await CancellationScope.nonCancellable(begin);
      } catch {
        this.#failed(what);
      } finally {
        this.#open -= 1;
      }
    });
  }

  /** Whether something is being told right now. */
  get busy(): boolean {
    return this.#open > 0;
  }

  /** Everything that was begun so far was told or given up. */
  async told(): Promise<void> {
    while (this.#open > 0) await this.#last;
  }
}
