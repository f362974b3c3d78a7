import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../src/domain/failure.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import type { Healings } from '../../src/temporal/contract.ts';

/** How long a worker on a busy machine may take to read a healing back. */
const PATIENCE_MS = 60_000;

/** The view of a healing, asked for as a person does: a worker that is busy with many others may be too late, and is asked again. */
export async function patientView(healings: Pick<Healings, 'view'>, id: string): Promise<HealingView | null> {
  for (const until = Date.now() + PATIENCE_MS; ; ) {
    try {
      return await healings.view(id);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'temporal-unavailable' || Date.now() > until) throw error;
      await delay(500);
    }
  }
}
