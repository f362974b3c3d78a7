import type { HealingInput, HealingSettings } from '../domain/settings.ts';
import type { Signal, SignalKind } from '../domain/signal.schema.ts';
import type { Healings } from '../temporal/contract.ts';

/** Where every signal goes, by whatever door it came. */
export interface SignalDoor {
  readonly report: Healings['report'];
  readonly forward: Healings['forward'];
  readonly command: Healings['command'];
  readonly settings: HealingSettings;
  readonly webUiUrl: (signal: Signal) => string | undefined;
}

/** Kinds that say that something is wrong; the others concern a running healing only and never start one. */
const STARTING: readonly SignalKind[] = ['check-failed', 'alert-triggered', 'requested', 'patrol-found'];

function inputFor(signal: Signal, door: SignalDoor): HealingInput {
  const webUiUrl = door.webUiUrl(signal);
  return { repo: signal.repo, subject: signal.subject, settings: door.settings, ...(webUiUrl === undefined ? {} : { webUiUrl }) };
}

/** Whether Temporal has stored a signal; false when it only concerns a healing that runs, and none does. */
export async function storeSignal(signal: Signal, id: string, door: SignalDoor): Promise<boolean> {
  if (signal.kind === 'commanded') {
    await door.command(signal, door.settings);
    return true;
  }
  // What is wrong with a fix of ours is for the healing that made it, and begins none once that has ended.
  if (!STARTING.includes(signal.kind) || signal.facts['own'] === 'true') return door.forward(id, signal);
  await door.report(inputFor(signal, door), signal);
  return true;
}
