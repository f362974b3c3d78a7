import type { Diagnosis } from '../diagnosis.schema.ts';
import type { Incident } from '../incident.schema.ts';
import { changedPaths } from './diagnose/changes.ts';
import { votesOfChanges } from './diagnose/from-changes.ts';
import { votesOfCheck } from './diagnose/from-check.ts';
import { votesOfLog } from './diagnose/from-log.ts';
import { votesOfRuns } from './diagnose/from-runs.ts';
import { sensitivePath } from './diagnose/sensitive.ts';
import { type Facts, onlyCommit, type Vote } from './diagnose/vote.ts';

export { changedPaths, isProgramConfig } from './diagnose/changes.ts';

/** Counts against every answer: evidence is never whole. */
const DOUBT = 0.5;

function facts(incident: Incident): readonly string[] {
  const { failingTests, failing, lastGreenSha, commits } = incident;
  return [
    failingTests.length > 0
      ? `${failingTests.length} test(s) fail: ${failingTests.slice(0, 4).join(', ')}`
      : `the check ${failing.name} fails`,
    lastGreenSha === undefined
      ? 'no revision is known on which it was green'
      : `${commits.length} commit(s) and ${changedPaths(incident).length} path(s) changed since ${lastGreenSha.slice(0, 8)} was green`,
  ];
}

/** The class that most of the evidence speaks for; of equals the one that was asked first. */
function heaviest(votes: readonly Vote[]): { readonly vote: Vote; readonly share: number } | null {
  const weights = new Map<Diagnosis['class'], number>();
  for (const vote of votes) weights.set(vote.class, (weights.get(vote.class) ?? 0) + vote.weight);
  const [best] = [...weights].sort((one, other) => other[1] - one[1]);
  if (best === undefined) return null;
  const [kind, weight] = best;
  const [vote] = votes.filter((each) => each.class === kind).sort((one, other) => other.weight - one.weight);
  const all = [...weights.values()].reduce((sum, each) => sum + each, 0);
  return vote === undefined ? null : { vote, share: Math.round((100 * weight) / (all + DOUBT)) / 100 };
}

/**
 * Class and cause from counted evidence. What was seen by running outweighs what the check is for, that what tools complain of in the log, and
 * that what merely changed since green. Confidence is the share of the evidence that speaks for the class.
 */
export function diagnose(given: Facts): Diagnosis {
  const { incident } = given;
  const votes = [...votesOfRuns(given), ...votesOfCheck(given), ...votesOfLog(given), ...votesOfChanges(given)];
  const best = heaviest(votes);
  const evidence = [...facts(incident), ...votes.map(({ seen }) => seen)];
  const only = incident.lastGreenSha === undefined ? undefined : onlyCommit(incident);
  const kind = best?.vote.class ?? 'unknown';
  const cause =
    best?.vote.cause ??
    (incident.lastGreenSha === undefined
      ? 'what changed since it was green is not known'
      : 'only tests or prose changed since it was green');
  const culprit = best === null ? only : (best.vote.culprit ?? (kind === 'code' || kind === 'format' ? only : undefined));
  const sensitive = sensitivePath(given, kind);
  if (sensitive !== null) evidence.push(`${sensitive} is about access or secrets, and the repair would change it`);
  return {
    class: sensitive === null ? kind : 'security-sensitive',
    cause: cause.slice(0, 500),
    confidence: best?.share ?? (incident.lastGreenSha === undefined ? 0.2 : 0.3),
    evidence: evidence.slice(0, 20).map((line) => line.slice(0, 300)),
    ...(culprit === undefined ? {} : { culprit }),
  };
}
