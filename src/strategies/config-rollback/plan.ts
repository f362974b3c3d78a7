import type { Plan } from '../../domain/plan.schema.ts';
import { changedPaths, isProgramConfig } from '../../domain/policy/diagnose.ts';
import type { StrategyAnswer, StrategyContext } from '../contract.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';

const ID = 'config-rollback';
/** More configuration files than this at once is no rollback of "the" configuration. */
const MAX_FILES = 10;
const MIGRATION = /(?:^|\/)(?:migrations?|schema)(?:\/|\.)/i;
const SECRETS = /secret|credential|password|\.env(?:\.|$)/i;

/** Why no configuration is taken back. */
export const REFUSES = {
  'no-green-revision': 'no revision is known on which the check was green',
  'no-config-changed': 'no configuration file changed since the check was green, other than by a revert',
  'all-tried': 'every changed configuration file was taken back already',
} as const;
export const no = refuser(ID, REFUSES);

/** Files that somebody took back to what they are: who reverts a repair has said no to it. */
function reverted(context: StrategyContext): ReadonlySet<string> {
  return new Set(context.incident.commits.filter((commit) => /^revert\b/i.test(commit.subject)).flatMap((commit) => commit.paths));
}

/** Configuration files that changed since green and may be taken back. */
export function candidates(context: StrategyContext): readonly string[] {
  const wanted = reverted(context);
  return changedPaths(context.incident).filter((path) => {
    if (wanted.has(path)) return false;
    const presence = context.paths[path];
    const differs = presence === undefined || presence.atGreen || presence.atHead;
    return differs && isProgramConfig(path, context.policy) && !MIGRATION.test(path) && !SECRETS.test(path);
  });
}

function planFor(paths: readonly string[], from: string, context: StrategyContext): Plan {
  return {
    strategy: ID,
    title: `Restore ${paths.length === 1 ? paths[0] : `${paths.length} configuration files`} to the last green content`.slice(0, 200),
    rationale: `${paths.join(', ')} changed since ${from.slice(0, 8)} was green; ${context.diagnosis.cause}.`.slice(0, 1000),
    steps: paths.map((path) => ({ kind: 'restore-file' as const, path, from })),
    risk: 'low',
  };
}

/** One plan for each changed file, then all of them together. */
export function planConfigRollback(context: StrategyContext): StrategyAnswer {
  const from = context.incident.lastGreenSha;
  if (from === undefined) return no.answer('no-green-revision', 'no revision is known on which the check was green');
  const paths = candidates(context).slice(0, MAX_FILES);
  const plans = [...paths.map((path) => planFor([path], from, context)), ...(paths.length > 1 ? [planFor(paths, from, context)] : [])];
  const plan = firstUntried(context, plans);
  return plan === undefined ? no.answer('all-tried', 'every changed configuration file was taken back already') : { kind: 'plan', plan };
}
