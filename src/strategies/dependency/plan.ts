import type { Plan } from '../../domain/plan.schema.ts';
import { changedPaths } from '../../domain/policy/diagnose.ts';
import { oneLine } from '../../lib/excerpt.ts';
import type { Rank, StrategyAnswer, StrategyContext } from '../contract.ts';
import { trialFingerprint } from '../ladder.ts';
import { RANKS } from '../ranks.ts';
import { type Files, readAt } from '../reading.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';
import type { Comparison, Ecosystem, Moved } from './contract.ts';
import { goMod } from './go-mod.ts';
import { narrow } from './narrow.ts';
import { npmLock } from './npm-lock.ts';
import { requirements } from './requirements.ts';
import { guarded } from './security.ts';

/** Why no package is taken back. */
export const REFUSES = {
  'no-green-revision': 'no revision is known on which the check was green',
  'nothing-locked': 'no lock file that is understood changed since green, so there are no two resolutions to compare',
  'not-readable': 'a lock file is too large, or not of a version that is understood',
  'nothing-moved': 'no package stands at another version than when it was green',
  'security-fix': 'what moved since green are security fixes, or cannot be told from them',
  'not-the-versions': 'it is red with every package at its green version, too',
  'many-culprits': 'no few packages can be told that it hangs on',
  'all-tried': 'it was tried already',
} as const;
const no = refuser('dependency', REFUSES);
const ECOSYSTEMS: readonly Ecosystem[] = [npmLock, requirements, goMod];
const DAY_MS = 24 * 3_600_000;
/** Largest text of a step. */
const MAX_TEXT = 1_000_000;

/** Kinds of lock file that changed since green. */
function changed(context: StrategyContext): readonly Ecosystem[] {
  const paths = changedPaths(context.incident);
  return ECOSYSTEMS.filter(({ locks }) => locks.some((path) => paths.includes(path)));
}

/** Whether a dependency may have broken it. */
export function rankDependency(context: StrategyContext): Rank {
  if (context.incident.lastGreenSha === undefined) return no.rank('no-green-revision', 'no revision is known on which the check was green');
  const [first] = changed(context);
  if (first === undefined)
    return no.rank('nothing-locked', `none of ${ECOSYSTEMS.flatMap(({ locks }) => locks).join(', ')} changed since green`);
  const rank = context.diagnosis.class === 'dependency' ? RANKS.dependency.diagnosed : RANKS.dependency.suspected;
  return { score: rank.score, why: `${first.locks[0]} changed since green` };
}

/** The whole of a lock file as it was, where nothing but versions moved. */
function wholePlan({ locks }: Ecosystem, green: string, count: number): Plan {
  return {
    strategy: 'dependency',
    title: `Restore ${locks.join(' and ')} to the last green content`,
    rationale: `Since ${green.slice(0, 8)} was green ${count} package(s) moved, and nothing else about dependencies changed; none of them is known as a security fix.`,
    steps: locks.map((path) => ({ kind: 'restore-file' as const, path, from: green })),
    risk: 'medium',
  };
}

function pinPlan(context: StrategyContext, comparison: Comparison, pinned: readonly Moved[]): Plan {
  const until = new Date(Date.parse(context.now) + context.policy.pins.days * DAY_MS).toISOString();
  const words = pinned.map(({ name, from }) => `${name} at ${from}`).join(', ');
  const with_ = comparison.closure(new Set(pinned.map(({ name }) => name))).size - pinned.length;
  return {
    strategy: 'dependency',
    title: oneLine(`Hold ${words}`, 200),
    rationale: oneLine(
      `Of ${comparison.moved.length} package(s) that moved since green, it hangs on ${pinned.map(({ name, from, to, direct }) => `${name} ${from} to ${to}${direct ? '' : ' (which others ask for)'}`).join(', ')}: red with the new version and green with the old one, all else being equal.${with_ > 0 ? ` ${with_} package(s) go with it.` : ''}`,
      1000,
    ),
    steps: [...comparison.withGreen(new Set(pinned.map(({ name }) => name)))],
    proposals: pinned.map(({ name, from, to }) => ({
      kind: 'expires',
      what: oneLine(`${name} is held at ${from}`, 300),
      until,
      why: oneLine(`${to} breaks the check ${context.incident.failing.name}`, 300),
    })),
    risk: 'medium',
  };
}

/** Packages one by one: which of them it hangs on, found by trials, and held back. */
function pin(context: StrategyContext, comparison: Comparison, movable: readonly Moved[]): StrategyAnswer {
  const order = [...movable].sort((a, b) => Number(b.direct) - Number(a.direct) || a.name.localeCompare(b.name));
  const stepsOf = (names: readonly string[]) => [...comparison.withGreen(new Set(names))];
  const narrowed = narrow(
    order.map(({ name }) => name),
    (names) => {
      const fingerprint = trialFingerprint(stepsOf(names));
      const trial = context.trials.find((each) => each.fingerprint === fingerprint);
      return trial === undefined ? null : trial.colour === 'green' ? 'green' : 'not-green';
    },
  );
  switch (narrowed.kind) {
    case 'try': {
      const steps = stepsOf(narrowed.names);
      if (steps.some((step) => step.kind === 'write-text' && step.text.length > MAX_TEXT))
        return no.answer('not-readable', 'the lock file is too large to be written anew');
      const title = oneLine(`${narrowed.names.length} of ${order.length} moved package(s) as they were`, 200);
      return { kind: 'trial', trial: { strategy: 'dependency', title, steps } };
    }
    case 'none':
      return no.answer(narrowed.code, REFUSES[narrowed.code]);
    case 'found': {
      const plan = firstUntried(context, [
        pinPlan(
          context,
          comparison,
          order.filter(({ name }) => narrowed.names.includes(name)),
        ),
      ]);
      return plan === undefined ? no.answer('all-tried', 'the packages that it hangs on were held back already') : { kind: 'plan', plan };
    }
  }
}

/** The last green lock file where only versions moved, else the packages that it hangs on. */
export function planDependency(context: StrategyContext): StrategyAnswer {
  const green = context.incident.lastGreenSha;
  if (green === undefined) return no.answer('no-green-revision', 'no revision is known on which the check was green');
  const [ecosystem] = changed(context);
  if (ecosystem === undefined) return no.answer('nothing-locked', 'no lock file that is understood changed since green');
  const paths = [...ecosystem.locks, ...ecosystem.manifests];
  const sides: Files[] = [];
  for (const sha of [context.incident.headSha, green]) {
    const files = readAt(context, paths, sha);
    if ('kind' in files) return files;
    sides.push(files);
  }
  const [head, before] = sides;
  const comparison = head === undefined || before === undefined ? null : ecosystem.compare(head.text, before.text);
  if (comparison === null) {
    const why = paths.map((path) => head?.get(path)?.why ?? before?.get(path)?.why).find((each) => each !== undefined);
    return no.answer('not-readable', `${ecosystem.locks[0]} cannot be compared: ${why ?? 'it is not of a version that is understood'}`);
  }
  const { moved } = comparison;
  if (moved.length === 0) return no.answer('nothing-moved', `no package of ${ecosystem.locks[0]} stands at another version`);
  const kept = guarded(context, moved, paths);
  if (kept === null)
    return no.answer('security-fix', 'a commit since green speaks of security and does not name the package: nothing goes back');
  const movable = moved.filter(({ name }) => [...comparison.closure(new Set([name]))].every((each) => !kept.has(each)));
  if (movable.length === 0)
    return no.answer('security-fix', `${kept.size} package(s) moved since green for security, and nothing else did`);
  if (kept.size === 0 && comparison.onlyVersions) {
    const whole = firstUntried(context, [wholePlan(ecosystem, green, moved.length)]);
    if (whole !== undefined) return { kind: 'plan', plan: whole };
  }
  return pin(context, comparison, movable);
}
