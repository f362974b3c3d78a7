import type { Actor } from '../../domain/signal.schema.ts';
import type { Parsed } from '../contract.ts';
import { conclusionOf, OWN_CHECK } from './check-facts.ts';
import { guessedSubject, isFork, OWN_BRANCHES } from './own.ts';
import { CheckRun, type PullStub, Status, WorkflowRun } from './payload.ts';
import { type Delivery, type Draft, ignored, type OwnNames, quoted, signalsOf } from './signals.ts';
import { FORK, GITHUB } from './trust.ts';

/** The App that GitHub Actions reports its jobs with. */
const ACTIONS = 'github-actions';

/** What a result is about. */
interface Place {
  readonly subject: string;
  readonly where: string;
  readonly actor: Actor;
  readonly facts: Readonly<Record<string, string | number | undefined>>;
}

function ofOwnBranch(branch: string, base: string | undefined, number: number | undefined): Place[] {
  const subject = guessedSubject(branch, base);
  const facts = { branch, number, fork: 'false', own: 'true' };
  return subject === null ? [] : [{ subject, where: `the fix on ${branch}`, actor: GITHUB, facts }];
}

function ofBranch(branch: string, base: string | undefined): Place[] {
  return branch.startsWith(OWN_BRANCHES)
    ? ofOwnBranch(branch, base, undefined)
    : [{ subject: `branch/${branch}`, where: branch, actor: GITHUB, facts: { branch, fork: 'false' } }];
}

/** Pull requests into this repository; null when none is named. GitHub also lists those that go from here into another one. */
function ofPulls(pulls: readonly PullStub[], delivery: Delivery): Place[] | null {
  const ours = pulls.filter(({ number, base }) => number !== undefined && base?.repo?.id !== undefined && base.repo.id === delivery.repoId);
  if (ours.length === 0) return null;
  return ours.slice(0, 10).flatMap((pull): Place[] => {
    const branch = pull.head?.ref;
    const fork = isFork(pull);
    if (!fork && branch?.startsWith(OWN_BRANCHES) === true) return ofOwnBranch(branch, pull.base?.ref, pull.number);
    const facts = { branch, number: pull.number, fork: String(fork) };
    return [{ subject: `pr/${pull.number}`, where: `pull request ${pull.number}`, actor: fork ? FORK : GITHUB, facts }];
  });
}

/** A commit of which nothing else is known: that of a fork, whose pull requests GitHub does not name. */
function ofForeignCommit(sha: string): Place[] {
  return [{ subject: `sha/${sha}`, where: `${sha.slice(0, 10)} of a fork`, actor: FORK, facts: { fork: 'true' } }];
}

/** A run that names no pull request: of a branch here, or of a fork. */
function ofRun(run: WorkflowRun, sha: string, { repoId, defaultBranch }: Delivery): Place[] {
  const here = repoId !== undefined && run.head_repository?.id === repoId;
  if (!here) return ofForeignCommit(sha);
  return run.head_branch === undefined ? [] : ofBranch(run.head_branch, defaultBranch);
}

function draftsOf(places: readonly Place[], rest: Omit<Draft, 'subject' | 'actor'>): readonly Draft[] {
  return places.map(({ subject, where, actor, facts }) => ({
    ...rest,
    subject,
    actor,
    summary: `${rest.summary} on ${where}`,
    facts: { ...facts, ...rest.facts },
  }));
}

const UNWATCHED = 'the commit is on no branch and in no pull request that is watched';

/** A workflow that ended. It is the one event that says whose code ran; its jobs add their names. */
export function fromWorkflowRun(delivery: Delivery): Parsed {
  if (delivery.action !== 'completed') return ignored(`a workflow run was ${quoted(delivery.action)}; what counts is how it ends`);
  const run = WorkflowRun.safeParse(delivery.payload).data?.workflow_run;
  if (run?.head_sha === undefined) return ignored('the workflow run names no commit');
  if (run.event === 'merge_group') return ignored('a merge queue tried it, and tells the pull request what came of it');
  const conclusion = conclusionOf(run.conclusion ?? null);
  const failed = conclusion === 'failure' || conclusion === 'timed-out';
  if (!failed && conclusion !== 'success') return ignored(`a run that ended as ${quoted(run.conclusion)} says nothing about the code`);

  const named = ofPulls(run.pull_requests, delivery);
  const places = named ?? ofRun(run, run.head_sha, delivery);
  // That a whole workflow passed must not be taken for the one check that failed, which may be in another one.
  const counted = failed ? places : places.filter((place) => place.facts['own'] === 'true');
  if (counted.length === 0) return ignored(failed ? UNWATCHED : 'which checks passed is said by their check runs');
  const name = run.name ?? run.path ?? 'a workflow';
  const drafts = draftsOf(counted, {
    kind: failed ? 'check-failed' : 'check-passed',
    at: run.updated_at,
    sha: run.head_sha,
    summary: `workflow ${name} ${failed ? `ended as ${conclusion}` : 'passed'}`,
    facts: {
      workflow: name,
      conclusion,
      run: run.id,
      attempt: run.run_attempt,
      event: run.event,
      // It did not get as far as to have jobs, so nothing else will ever name it.
      check: run.conclusion === 'startup_failure' ? name : undefined,
    },
  });
  return signalsOf(delivery, drafts);
}

/** A check run that ended, of an App or of a job of GitHub Actions. */
export function fromCheckRun(delivery: Delivery, { login }: OwnNames): Parsed {
  if (delivery.action !== 'completed') return ignored(`a check run was ${quoted(delivery.action)}; what counts is how it ends`);
  const run = CheckRun.safeParse(delivery.payload).data?.check_run;
  if (run?.head_sha === undefined || run.name === undefined) return ignored('the check run has no name or names no commit');
  const app = run.app?.slug;
  if (run.name === OWN_CHECK || (app !== undefined && `${app}[bot]` === login.toLowerCase())) return ignored('our own check run');
  const conclusion = conclusionOf(run.conclusion ?? null);
  const failed = conclusion === 'failure' || conclusion === 'timed-out';
  if (!failed && conclusion !== 'success') return ignored(`a check that ended as ${quoted(run.conclusion)} says nothing about the code`);

  const named = ofPulls(run.pull_requests, delivery);
  const branch = run.check_suite?.head_branch;
  if (named === null && app === ACTIONS && failed) {
    // A job of a fork looks like this too, with the fork's branch in it. Its run says which of the two it is.
    return ignored('whose branch a failed job ran on is said by its workflow run');
  }
  // Apps see no branches of forks, so theirs is one of this repository, or absent.
  const places = named ?? (branch === undefined ? ofForeignCommit(run.head_sha) : ofBranch(branch, delivery.defaultBranch));
  if (places.length === 0) return ignored(UNWATCHED);
  const drafts = draftsOf(places, {
    kind: failed ? 'check-failed' : 'check-passed',
    at: run.completed_at,
    sha: run.head_sha,
    summary: `check ${run.name} ${failed ? (conclusion === 'timed-out' ? 'timed out' : 'failed') : 'passed'}`,
    facts: { check: run.name, conclusion, app, checkRun: run.id },
  });
  return signalsOf(delivery, drafts);
}

/** A commit status of another system. Only the branches whose head it is count; pull requests are not named. */
export function fromStatus(delivery: Delivery): Parsed {
  const status = Status.safeParse(delivery.payload).data;
  const { sha, context, state } = status ?? {};
  if (status === undefined || sha === undefined || context === undefined) return ignored('the status has no name or names no commit');
  if (context === OWN_CHECK) return ignored('our own status');
  const failed = state === 'failure' || state === 'error';
  if (!failed && state !== 'success') return ignored(`the status is ${quoted(state)}; what counts is how it ends`);
  const heads = status.branches.flatMap(({ name, commit }) => (name !== undefined && commit?.sha === sha ? [name] : []));
  const places =
    status.branches.length === 0 ? ofForeignCommit(sha) : heads.slice(0, 10).flatMap((branch) => ofBranch(branch, delivery.defaultBranch));
  if (places.length === 0) return ignored('the commit is the head of no branch that is watched');
  const drafts = draftsOf(places, {
    kind: failed ? 'check-failed' : 'check-passed',
    at: status.updated_at,
    sha,
    summary: `check ${context} ${failed ? 'failed' : 'passed'}`,
    facts: { check: context, conclusion: failed ? 'failure' : 'success' },
  });
  return signalsOf(delivery, drafts);
}
