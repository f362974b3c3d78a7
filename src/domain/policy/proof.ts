import type { Incident } from '../incident.schema.ts';
import type { Plan } from '../plan.schema.ts';
import type { GateFinding, Proof, ProofRound, RunFacts } from '../proof.schema.ts';
import type { RepositoryPolicy } from '../repository-policy.schema.ts';

/** A run that says something about the code: it was not cut off by us, by its environment or by its set-up. */
function speaks(run: RunFacts): boolean {
  return !run.setupFailed && run.killedBy !== 'cancel' && run.exitCode !== null;
}

/** Green: exit code 0 and, where a report exists, no failed test and at least one passed. */
export function isGreen(run: RunFacts): boolean {
  if (!speaks(run) || run.timedOut || run.killedBy !== null || run.exitCode !== 0) return false;
  return run.report === undefined || (run.report.failed === 0 && run.report.passed > 0);
}

/** Red: it ran and failed, a time-out or a limit included; 127 and 126 mean that the command itself could not start. */
export function isRed(run: RunFacts): boolean {
  if (run.setupFailed || run.killedBy === 'cancel') return false;
  if (run.exitCode === 126 || run.exitCode === 127) return false;
  return (
    run.timedOut ||
    (run.killedBy !== null && run.killedBy !== 'output') ||
    (run.exitCode !== null && run.exitCode !== 0) ||
    (run.report !== undefined && run.report.failed > 0)
  );
}

/** The set-up ran and failed by itself: what is to be installed cannot be. Cut off, or without its tool, it says nothing. */
export function isSetupRed(run: RunFacts): boolean {
  return run.setupFailed && run.killedBy === null && !run.timedOut && ![null, 0, 126, 127].includes(run.exitCode);
}

/** How a run ended, in words for people. */
function ending(run: RunFacts): string {
  if (run.timedOut) {
    const late = `it did not end within its time limit and was ended after ${Math.round(run.durationMs / 1000)} s`;
    return run.killedBy === 'processes' ? `it started more processes than its limit; ${late}` : late;
  }
  switch (run.killedBy) {
    case 'memory':
      return 'it needed more memory than its limit';
    case 'processes':
      return 'it started more processes than its limit';
    case 'disk':
      return 'it filled the disk of its workspace';
    case 'output':
      return 'it printed more than its output limit and was ended';
    default:
      return run.exitCode === null ? `it was ended by ${run.signal ?? 'a signal'}` : `exit code ${run.exitCode}`;
  }
}

/** Names that a report keeps: with more failures than this, what is not named may still be in both. */
const MAX_NAMES = 50;

/** Whether two red runs may have failed for one reason: not where both name failed tests and no name is in both. */
function sharesFailure(one: RunFacts, other: RunFacts): boolean {
  const names = one.report?.failedTests ?? [];
  const others = new Set(other.report?.failedTests ?? []);
  if ([one, other].some(({ report }) => (report?.failed ?? 0) > MAX_NAMES)) return true;
  return names.length === 0 || others.size === 0 || names.some((name) => others.has(name));
}

/** Runs after which one that was red is enough, where the others said nothing. */
const RUNS_TO_REPRODUCE = 3;

/** What the runs of the failing command at the broken revision say. */
export function judgeReproduction(
  runs: readonly RunFacts[],
  incident: Pick<Incident, 'failingTests'>,
): {
  readonly verdict: 'reproduced' | 'run-again' | 'flaky' | 'not-reproduced' | 'environment-failed';
  readonly detail: string;
} {
  const reds = runs.filter(isRed);
  const greens = runs.filter(isGreen);
  if (reds.length > 0 && greens.length > 0) return { verdict: 'flaky', detail: 'red and green on the same revision' };
  if (!reds.slice(1).every((run, at) => sharesFailure(reds[at] as RunFacts, run)))
    return { verdict: 'flaky', detail: 'other tests fail each time on the same revision' };
  if (greens.length > 0 && runs.some(isSetupRed)) return { verdict: 'flaky', detail: 'the set-up failed and worked on the same revision' };
  const last = runs[runs.length - 1];
  if (last === undefined) return { verdict: 'run-again', detail: 'not run yet' };
  if (reds.length > 0) {
    const known = new Set(incident.failingTests);
    const seen = reds.flatMap((run) => run.report?.failedTests ?? []);
    if (known.size > 0 && seen.length > 0 && !seen.some((name) => known.has(name))) {
      return {
        verdict: 'not-reproduced',
        detail: `red for another reason: ${seen.slice(0, 3).join(', ')} failed instead of ${incident.failingTests.slice(0, 3).join(', ')}`,
      };
    }
    // A test that is red by chance was red at the forge by chance, too: only a second run of our own speaks against it.
    if (reds.length < 2 && runs.length < RUNS_TO_REPRODUCE)
      return { verdict: 'run-again', detail: `red once: ${ending(last)}; running again to tell broken from flaky` };
    return {
      verdict: 'reproduced',
      detail: reds.length === 1 ? `red: ${ending(last)}` : `red each time: ${ending(last)}`,
    };
  }
  if (greens.length >= 2) return { verdict: 'not-reproduced', detail: 'green twice in the sandbox' };
  if (greens.length === 1 && runs.length === 1)
    return { verdict: 'run-again', detail: 'green once; running again to tell flaky from healthy' };
  if (last.setupFailed) {
    const detail = `the set-up command failed: ${ending(last)}`;
    // What cannot be installed may be the repository's own fault (its lock file, say). Once may be the network's.
    // Where the forge got as far as its tests, it is the sandbox that cannot install.
    if (!runs.every(isSetupRed) || incident.failingTests.length > 0) return { verdict: 'environment-failed', detail };
    return runs.length < 2 ? { verdict: 'run-again', detail } : { verdict: 'reproduced', detail: `${detail}, each time` };
  }
  if (last.exitCode === 126 || last.exitCode === 127)
    return { verdict: 'environment-failed', detail: 'the command could not be started in the sandbox: a tool is missing' };
  // Whoever prints without end does so again.
  if (last.killedBy === 'output')
    return { verdict: 'environment-failed', detail: `${ending(last)}, so the run says nothing about the code: make it print less` };
  return { verdict: runs.length < 2 ? 'run-again' : 'environment-failed', detail: 'the run says nothing about the code' };
}

/** The colour of one probe, from one or more runs at the same revision. `setup`: the failure is one of the set-up. */
export function judgeProbe(runs: readonly RunFacts[], setup = false): 'red' | 'green' | 'unclear' {
  if (runs.length === 0) return 'unclear';
  if (runs.every(isGreen)) return 'green';
  if (setup && runs.every(isSetupRed)) return 'red';
  return runs.every((run) => isRed(run) && !run.timedOut) ? 'red' : 'unclear';
}

/** Findings in words, one of each kind, with the code that `gateAllow` of the policy file takes. */
function described(findings: readonly GateFinding[]): string {
  const seen = new Set<string>();
  const kinds = findings.filter(({ code }) => !seen.has(code) && seen.add(code));
  return kinds
    .slice(0, 4)
    .map(({ code, detail, path }) => `${detail} (${path === undefined ? code : `${code}, ${path}`})`)
    .join('; ')
    .concat(kinds.length > 4 ? '; and more' : '');
}

/**
 * Further rounds that a repair takes before it counts as proven. Where a tool of the repository repaired what it complained of itself, luck is no
 * explanation; every other repair is a suspicion, and a failure that comes and goes by itself falls as the first five runs must in up to a seventh of cases.
 */
export function confirmationsFor(plan: Plan | null, { confirmations }: Pick<RepositoryPolicy, 'confirmations'>): number {
  return plan?.steps.every(({ kind }) => kind === 'run-tool') === true ? 0 : confirmations;
}

type Contradiction = readonly ['flaky' | 'unclear', string];

/** What a later run without the change says against the repair, or null where it is red as before. */
function withoutIt(red: RunFacts, again: RunFacts): Contradiction | null {
  if (isSetupRed(red)) return isSetupRed(again) ? null : ['flaky', 'the set-up works without the change, too, by now'];
  if (isGreen(again)) return ['flaky', 'green without the change, too, by now'];
  if (!isRed(again)) return ['unclear', `the run once more without the change says nothing: ${ending(again)}`];
  return sharesFailure(red, again) ? null : ['flaky', 'other tests fail without the change by now'];
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** The verdict on a repair: red without, green with, nothing else newly red, green again, red without it again, as often as is wanted, and a silent gate. */
export function judgeProof(input: {
  readonly red: RunFacts;
  readonly green: RunFacts;
  readonly greenAgain?: RunFacts | undefined;
  /** Without the change once more, after it was green with it: what is green by now without it was flaky, or the world outside mended it. */
  readonly redAgain?: RunFacts | undefined;
  /** Both once more, as often as it was done already. */
  readonly rounds?: readonly ProofRound[] | undefined;
  /** Rounds that it takes. */
  readonly confirmations?: number;
  readonly widerBefore: readonly RunFacts[];
  readonly widerAfter: readonly RunFacts[];
  readonly findings: readonly GateFinding[];
  readonly failingTests: readonly string[];
}): Proof {
  const { red, green, greenAgain, redAgain, rounds = [], confirmations = 0 } = input;
  const setup = isSetupRed(red);
  const redAtBase = setup || isRed(red);
  const greenWithChange = isGreen(green);
  const secondGreen = greenAgain !== undefined && isGreen(greenAgain);
  const eachGreen = secondGreen && rounds.every(({ withIt }) => isGreen(withIt));
  const notRed = [...(redAgain === undefined ? [] : [redAgain]), ...rounds.map(({ without }) => without)]
    .map((again) => withoutIt(red, again))
    .find((each) => each !== null);
  const newlyRed: string[] = [];
  const compare = (before: RunFacts | undefined, after: RunFacts) => {
    const earlier = new Set(before?.report?.failedTests ?? []);
    for (const name of after.report?.failedTests ?? []) if (!earlier.has(name)) newlyRed.push(name);
    if (!isGreen(after) && (before === undefined || isGreen(before)) && (after.report?.failedTests.length ?? 0) === 0)
      newlyRed.push(after.name);
  };
  compare(red, green);
  for (const after of input.widerAfter)
    compare(
      input.widerBefore.find((before) => before.name === after.name),
      after,
    );
  const stillFailing = new Set(green.report?.failedTests ?? []);
  const fresh = [...new Set(newlyRed)].filter((name) => name !== green.name || redAtBase === false).sort();
  const reasons: string[] = [];
  let verdict: Proof['verdict'] = 'proven';
  const say = (kind: Proof['verdict'], reason: string) => {
    if (verdict === 'proven') verdict = kind;
    reasons.push(reason.slice(0, 300));
  };
  if (!redAtBase) say('not-reproduced', 'the command is not red at the base');
  if (setup && green.setupFailed) say('not-fixed', `the set-up still fails: ${ending(green)}`);
  else if (green.setupFailed) say('unclear', `the set-up command failed with the change: ${ending(green)}`);
  else if (!greenWithChange) {
    const same = input.failingTests.filter((name) => stillFailing.has(name));
    say(
      'not-fixed',
      same.length > 0
        ? `still red: ${same.slice(0, 5).join(', ')}`
        : green.exitCode === 0
          ? 'the command ended well but no test passed'
          : `still red: ${ending(green)}`,
    );
  } else if (greenAgain === undefined) say('unclear', 'it was not run a second time');
  else if (!secondGreen) say('flaky', 'green once with the change, not green again');
  else if (redAgain === undefined) say('unclear', 'it was not run once more without the change');
  else if (notRed !== undefined) say(...notRed);
  else if (!eachGreen) say('flaky', 'green twice with the change, not green each time');
  if (fresh.length > 0 && greenWithChange) say('newly-red', `newly red: ${fresh.slice(0, 5).join(', ')}`);
  if (input.findings.length > 0) say('gate-refused', `no honest fix: ${described(input.findings)}`);
  if (verdict === 'proven' && rounds.length < confirmations)
    say(
      'unconfirmed',
      `all holds so far; a failure that comes and goes could look the same, so both are run ${times(confirmations - rounds.length)} more`,
    );
  if (verdict === 'proven') {
    const more = rounds.length === 0 ? '' : `, both ${times(rounds.length)} more in turn`;
    reasons.push(`red without the change before and after, green with it twice${more}, nothing else newly red, and the gate is silent`);
  }
  return {
    verdict,
    redAtBase,
    greenWithChange,
    greenAgain: eachGreen,
    redAgain: redAgain !== undefined && notRed === undefined,
    ...(rounds.length === 0 ? {} : { rounds: rounds.length }),
    newlyRed: fresh.slice(0, 50).map((name) => name.slice(0, 300)),
    findings: input.findings.slice(0, 50),
    reasons: reasons.slice(0, 20),
  };
}
