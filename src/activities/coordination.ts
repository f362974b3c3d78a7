import { judgeAdmission } from '../domain/policy/judge-admission.ts';
import { judgeSignal } from '../domain/policy/judge-signal.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';

/** Among healings: slots, correlation, late signals. */
export function coordinationActivities({
  healings,
}: Pick<ActivityDeps, 'healings'>): Pick<
  Activities,
  'requestSlot' | 'judgeAdmission' | 'findClosedHealings' | 'judgeSignal' | 'forwardSignals'
> {
  return {
    requestSlot: ({ repo, request }) => healings.requestSlot(repo, request),
    judgeAdmission: async (input) => judgeAdmission(input),
    findClosedHealings: async (input) => await healings.findClosed(input.healings),
    judgeSignal: async (input) => judgeSignal(input),
    async forwardSignals({ into, signals, from }) {
      for (const signal of signals) {
        // Ids stay: the receiver drops what it has seen, so a repeat of this activity is harmless.
        if (!(await healings.forward(into, { ...signal, facts: { ...signal.facts, mergedFrom: from.slice(0, 500) } }))) {
          return { delivered: false };
        }
      }
      return { delivered: true };
    },
  };
}
