import { parseHealingId } from '../domain/ids.ts';
import { judgeAdmission } from '../domain/policy/judge-admission.ts';
import { judgeSignal } from '../domain/policy/judge-signal.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';

/** Whether a check that passed says that the branch is green again where it stands now, while the repair, if there is one, is not in it. */
async function greenAgain(forge: ActivityDeps['forge'], input: Parameters<Activities['judgeSignal']>[0]): Promise<boolean> {
  const { healingId, subject, signal, incident, change } = input;
  const repo = parseHealingId(healingId)?.repo;
  if (signal.kind !== 'check-passed' || signal.sha === undefined || incident === null || repo === undefined) return false;
  if (signal.facts['check'] !== incident.command || signal.sha === incident.headSha || subject !== `branch/${incident.targetBranch}`)
    return false;
  // A late result of an older commit says nothing.
  if ((await forge.repositories.resolve(repo, incident.targetBranch)) !== signal.sha) return false;
  return change === null || (await forge.changes.get(repo, change.number))?.state === 'open';
}

/** Among healings: slots, correlation, late signals. */
export function coordinationActivities({
  healings,
  forge,
}: Pick<ActivityDeps, 'healings' | 'forge'>): Pick<
  Activities,
  'requestSlot' | 'findWatched' | 'judgeAdmission' | 'findClosedHealings' | 'judgeSignal' | 'forwardSignals' | 'splitHealings'
> {
  return {
    requestSlot: ({ repo, request }) => healings.requestSlot(repo, request),
    async findWatched({ repo, service }) {
      const watching = (await healings.coordinator(repo))?.watching ?? [];
      return { healingId: watching.findLast((each) => each.service === service)?.healingId ?? null };
    },
    judgeAdmission: async (input) => judgeAdmission(input),
    findClosedHealings: async (input) => await healings.findClosed(input.healings),
    judgeSignal: async (input) => judgeSignal({ ...input, greenAgain: await greenAgain(forge, input) }),
    async splitHealings({ repo, healingId, joined, signals, settings }) {
      await healings.setApart(repo, { healings: [healingId, joined] });
      const other = parseHealingId(joined);
      if (other === null || other.repo.owner !== repo.owner || other.repo.name !== repo.name) return;
      const { subject } = other;
      const webUiUrl = healings.webUiUrl(joined);
      const input = { repo, subject, settings, ...(webUiUrl === undefined ? {} : { webUiUrl }) };
      for (const signal of signals) {
        const { mergedFrom: _from, mergedWhy: _why, ...facts } = signal.facts;
        await healings.report(input, { ...signal, facts });
      }
    },
    async forwardSignals({ into, signals, from, why }) {
      for (const signal of signals) {
        // Ids stay: the receiver drops what it has seen, so a repeat of this activity is harmless.
        if (
          !(await healings.forward(into, {
            ...signal,
            facts: { ...signal.facts, mergedFrom: from.slice(0, 500), mergedWhy: oneLine(why, 200) },
          }))
        ) {
          return { delivered: false };
        }
      }
      return { delivered: true };
    },
  };
}
