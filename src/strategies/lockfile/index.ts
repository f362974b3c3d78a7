import type { Plan } from '../../domain/plan.schema.ts';
import { changedPaths } from '../../domain/policy/diagnose.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';
import { LOCK_FILES, LOCK_MANAGERS, type LockManager } from './managers.ts';

const REFUSES = {
  'in-step': 'nothing speaks for a lock file that does not fit its manifest',
  'no-lock-file': 'no lock file that is known stands at the root of the repository',
  'all-tried': 'every lock file was written anew already',
} as const;
const no = refuser('lockfile', REFUSES);

/** How package managers say that lock file and manifest disagree, in their own words. */
const DISAGREE: readonly RegExp[] = [
  /^(?:lock|lockfile|go-mod)-out-of-date$/,
  /package\.json and package-lock\.json .{0,80}(?:in sync|not in sync)|can only install packages when your package/i,
  /EUSAGE|Missing: \S+ from lock file|Invalid: lock file's/,
  /ERR_PNPM_OUTDATED_LOCKFILE|ERR_PNPM_LOCKFILE_CONFIG_MISMATCH|pnpm-lock\.yaml is (?:not up to date|absent)/i,
  /lockfile (?:needs to be updated|would have been modified|had changes)|YN0028/i,
  /updates to go\.mod needed|go\.mod file .{0,60}out of date|missing go\.sum entry|go mod tidy/i,
  /lock file .{0,200}needs to be updated but --locked|cannot update the lock file/i,
  /poetry\.lock .{0,60}(?:significantly changed|not up to date|out of date)|pyproject\.toml changed significantly/i,
  /lockfile at `?uv\.lock`? needs to be updated/i,
  /Your bundle is (?:locked|frozen)|dependencies in your gemfile changed|frozen mode/i,
];

const atRoot = (paths: readonly string[], names: readonly string[]): boolean => paths.some((path) => names.includes(path));

/** Whether its manifest changed since green and its lock file did not. */
function moved(manager: LockManager, context: StrategyContext): boolean {
  const changed = changedPaths(context.incident);
  // Several managers share a manifest, and the repository uses one of them.
  const locks = LOCK_MANAGERS.filter(({ manifests }) => manifests.some((path) => manager.manifests.includes(path))).flatMap(
    (each) => each.locks,
  );
  return context.incident.lastGreenSha !== undefined && atRoot(changed, manager.manifests) && !atRoot(changed, locks);
}

/** Managers that complain so themselves; null when none does. */
function saying(context: StrategyContext): readonly LockManager[] | null {
  const said = (context.digest?.complaints ?? []).filter(({ rule, message }) =>
    DISAGREE.some((pattern) => pattern.test(message) || pattern.test(rule ?? '')),
  );
  if (said.length > 0) {
    const tools = new Set(said.map(({ tool }) => tool.toLowerCase()));
    return LOCK_MANAGERS.filter(({ tools: own }) => own.some((tool) => tools.has(tool)));
  }
  return (context.digest?.excerpts ?? []).some(({ text }) => DISAGREE.some((pattern) => pattern.test(text))) ? LOCK_MANAGERS : null;
}

function rank(context: StrategyContext): Rank {
  if (saying(context) !== null) return { score: RANKS.lockfile.said.score, why: 'a package manager says that its lock file does not fit' };
  if (LOCK_MANAGERS.some((manager) => moved(manager, context)))
    return { score: RANKS.lockfile.suspected.score, why: 'a manifest changed since green, its lock file did not' };
  return no.rank('in-step', 'no package manager complains about its lock file, and none was left behind by its manifest');
}

function plan(context: StrategyContext): StrategyAnswer {
  const files = readAt(context, LOCK_FILES);
  if ('kind' in files) return files;
  const suspects = saying(context) ?? LOCK_MANAGERS.filter((manager) => moved(manager, context));
  const plans = suspects.flatMap((manager): Plan[] => {
    const present = manager.manifests.some((path) => files.has(path)) && manager.locks.some((path) => files.has(path));
    // `go.sum` is not there before the first dependency is.
    const run = present || (manager.id === 'go' && files.has('go.mod')) ? manager.run(files) : null;
    if (run === null) return [];
    const also = manager.only.includes('go.mod') ? ', and go.mod where Go itself says so' : '';
    return [
      {
        strategy: 'lockfile',
        title: `Write ${manager.locks.find((path) => files.has(path)) ?? manager.locks[0] ?? 'the lock file'} anew`,
        rationale: `The lock file does not fit the manifest, which stays as it is. ${manager.id} writes the lock file alone${also}, keeps what it held and runs no scripts of packages.`,
        steps: [{ kind: 'run-tool', run, only: [...manager.only], resolves: true }],
        risk: 'low',
      },
    ];
  });
  if (plans.length === 0) return no.answer('no-lock-file', 'no lock file that is known stands at the root of the repository');
  const untried = firstUntried(context, plans);
  return untried === undefined ? no.answer('all-tried', 'every lock file was written anew already') : { kind: 'plan', plan: untried };
}

/** Writes a lock file anew from its manifest. */
export const lockfile: Strategy = {
  id: 'lockfile',
  name: 'Lock file',
  costs: 'nothing',
  heals: 'a lock file that does not fit its manifest: its own package manager writes it anew; the manifest stays as it is',
  ranks: Object.values(RANKS.lockfile),
  refuses: REFUSES,
  rank,
  plan,
};
