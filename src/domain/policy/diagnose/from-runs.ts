import type { LogDigest } from '../../log-digest.schema.ts';
import type { Facts, Vote } from './vote.ts';

/** Weight of what was seen by running, which outweighs all that is read. */
const SEEN = 20;

/** What a run that ended for a reason of its own says: the limits of the machine, a program that is not there. */
function ending({ reproduction }: Facts): readonly Vote[] {
  const red = reproduction?.runs.findLast(({ exitCode, timedOut }) => exitCode !== 0 || timedOut);
  if (red === undefined) return [];
  if (red.oomKilled || red.killedBy === 'memory')
    return [
      {
        class: 'infrastructure',
        weight: 6,
        seen: 'the run was ended for the memory it took',
        cause: 'the run needs more memory than it may have',
      },
    ];
  if (red.killedBy === 'disk' || red.killedBy === 'processes')
    return [
      {
        class: 'infrastructure',
        weight: 6,
        seen: `the run was ended at its limit of ${red.killedBy}`,
        cause: `the run needs more ${red.killedBy} than it may have`,
      },
    ];
  if (red.exitCode === 127 || red.exitCode === 126) {
    const why = red.exitCode === 127 ? 'a program that it calls is not there' : 'a program that it calls may not be executed';
    return [{ class: 'environment', weight: 6, seen: `exit code ${red.exitCode}: ${why}`, cause: why }];
  }
  return [];
}

/** What the set-up complains of, when it is the set-up that fails: packages and networks have their own class. */
function setupClass(digest: LogDigest | null): 'dependency' | 'infrastructure' | 'environment' {
  const kinds = new Set(digest?.complaints.map((complaint) => complaint.class));
  return kinds.has('infrastructure') ? 'infrastructure' : kinds.has('dependency') ? 'dependency' : 'environment';
}

/** Evidence of runs: in the sandbox at the broken revision, and of the same check where the repair's base comes from. */
export function votesOfRuns(facts: Facts): readonly Vote[] {
  const { reproduction, baseRed, digest } = facts;
  const votes: Vote[] = [];
  if (reproduction?.verdict === 'flaky')
    votes.push({
      class: 'flaky',
      weight: 2 * SEEN,
      seen: `the same revision was red and green: ${reproduction.detail}`,
      cause: 'it fails on some runs of one revision and passes on others',
    });
  if (baseRed === true)
    votes.push({
      class: 'already-broken',
      weight: SEEN,
      seen: 'the same check is red on the default branch',
      cause: 'the branch that this comes from is red, too',
    });
  if (reproduction?.verdict === 'environment-failed')
    votes.push({
      class: setupClass(digest),
      weight: SEEN / 2,
      seen: `the set-up fails in the sandbox: ${reproduction.detail}`,
      cause: 'what the command needs cannot be set up',
    });
  if (reproduction?.verdict === 'not-reproduced')
    votes.push({
      class: 'environment',
      weight: 1.5,
      seen: `it is not red in the sandbox: ${reproduction.detail}`,
      cause: "it fails at the forge and not in the sandbox, so something else than the repository's content differs",
    });
  return [...votes, ...ending(facts)];
}
