import type { CheckFacts } from '../integrations/contract.ts';
import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';

/** A check that ended badly. A neutral one did not. */
export function isRed(check: CheckFacts): boolean {
  return (
    check.status === 'completed' && (check.conclusion === 'failure' || check.conclusion === 'timed-out' || check.conclusion === 'cancelled')
  );
}

/** What the checks of a revision say together. Where some are required only those count; else all do. */
export function summarizeChecks(all: readonly CheckFacts[]): {
  readonly state: 'pending' | 'green' | 'red' | 'none';
  readonly detail: string;
} {
  const required = all.filter((check) => check.required);
  const counting = required.length > 0 ? required : all;
  const names = (checks: readonly CheckFacts[]): string => checks.map((check) => check.name).join(', ');
  const red = counting.filter(isRed);
  const pending = counting.filter((check) => check.status !== 'completed');
  const aside = all.filter((check) => isRed(check) && !counting.includes(check));
  const also = aside.length === 0 ? '' : `; red but not required: ${names(aside)}`;
  if (counting.length === 0) {
    return { state: 'none', detail: 'there are no checks' };
  }
  if (red.length > 0) {
    return { state: 'red', detail: oneLine(`red: ${names(red)}${also}`, 500) };
  }
  if (pending.length > 0) {
    return { state: 'pending', detail: oneLine(`not finished: ${names(pending)}${also}`, 500) };
  }
  return { state: 'green', detail: oneLine(`green: ${names(counting)}${also}`, 500) };
}

/** From the open pull request to the merged commit, guarded by the head that was proven. */
export function mergeActivities(deps: ActivityDeps): Pick<Activities, 'readChecks' | 'rerunChecks' | 'merge'> {
  return {
    readChecks: async ({ repo, sha, branch }) => summarizeChecks(await deps.forge.checks.list(repo, sha, branch)),
    async rerunChecks({ key, healingId, repo, dossier, sha }) {
      const { policy } = await readDossier(deps, dossier);
      const { rerun } = deps.forge.checks;
      const recordKey = `rerun/${repo.owner}/${repo.name}/${sha}`;
      if (!policy.rerun || rerun === undefined || policy.autonomy === 'observe' || policy.autonomy === 'diagnose') return { asked: false };
      // Once for a revision: who fails again after that is no longer called flaky.
      const asked = await deps.records.get(recordKey);
      if (asked !== null) return { asked: asked === key };
      const red = (await deps.forge.checks.list(repo, sha)).filter(isRed).map((check) => check.name);
      // Who dies after asking leaves nothing red to find, so what this very step is about to ask for is written down before.
      const begun = `${recordKey}/begun/${key}`;
      const before = await deps.records.get(begun);
      if (red.length === 0 && before === null) return { asked: false };
      const checks = before ?? (await deps.records.putOnce(begun, red.join(', ')));
      const runs = red.length === 0 ? null : await rerun(repo, sha, red);
      if (runs === 0) return { asked: false };
      await audit(deps, {
        key: `${recordKey}/asked`,
        action: 'checks-rerun',
        healingId,
        repo,
        // Null: how many they were went down with who asked.
        facts: { sha, checks, runs },
      });
      return { asked: (await deps.records.putOnce(recordKey, key)) === key };
    },
    async merge({ key, healingId, repo, number, expectedHead }) {
      const merged = await deps.forge.changes.merge(repo, number, expectedHead);
      if (merged.kind === 'refused') {
        await audit(deps, {
          key: `${key}/refused/${merged.reason}`,
          action: 'merge-refused',
          healingId,
          repo,
          facts: { number, reason: merged.reason },
        });
        return { kind: 'refused', reason: merged.reason, detail: oneLine(deps.redact(merged.detail), 500) };
      }
      await deps.records.putOnce(`commit/${repo.owner}/${repo.name}/${merged.sha}`, healingId);
      await audit(deps, {
        key: `${key}/merged`,
        action: 'pull-request-merged',
        healingId,
        repo,
        facts: { number, head: expectedHead, sha: merged.sha },
      });
      return merged;
    },
  };
}
