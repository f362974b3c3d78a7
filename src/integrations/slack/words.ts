import type { HealingState } from '../../domain/healing-state.ts';
import type { OutcomeKind } from '../../domain/outcome.ts';

/** States as people say them. */
export const STATE_WORDS: Readonly<Record<HealingState, string>> = {
  received: 'On it',
  normalizing: 'On it: reading what failed',
  admitting: 'On it: waiting to begin',
  'waiting-for-slot': 'Waiting for a free place',
  reproducing: 'Running the failing check as it is',
  reasoning: 'Looking for the cause',
  proving: 'Proving a repair in the sandbox',
  'awaiting-approval': 'Waiting for approval',
  publishing: 'Opening a pull request',
  'waiting-for-checks': 'Waiting for the checks',
  merging: 'Merging',
  correlating: 'Looking for what explains the alert',
  acting: 'Acting on production',
  deploying: 'Deploying',
  verifying: 'Watching production',
  undoing: 'Taking the fix back',
  escalating: 'Handing over to people',
  ending: 'Ending',
  cooling: 'Ended',
  watching: 'Ended: production is looked at again later',
  closed: 'Ended',
};

/** Endings as people say them, each with its sign. */
export const OUTCOME_WORDS: Readonly<Record<OutcomeKind, readonly [sign: string, words: string]>> = {
  healed: ['✅', 'Healed'],
  escalated: ['🆘', 'Handed over to people'],
  abstained: ['⏸️', 'Left alone'],
  superseded: ['⏭️', 'No longer needed'],
  'merged-into': ['🔗', 'Went on in another healing'],
  'recovered-alone': ['🌤️', 'Recovered by itself'],
  rejected: ['🚫', 'Rejected'],
  expired: ['⌛', 'Nobody decided in time'],
  cancelled: ['✋', 'Stopped'],
  reverted: ['↩️', 'Taken back'],
};
