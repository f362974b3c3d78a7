import type { ServiceFacts } from '../domain/incident.schema.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import type { ReasonCode } from '../domain/outcome.ts';
import type { HealingInput } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { ActivityDeps } from './deps.ts';

/** What is healed, and where the repair must land. */
export interface Target {
  readonly kind: 'target';
  readonly branch: string;
  readonly headSha: string;
  /** From a fork: analysed only. */
  readonly foreign: boolean;
  /** The repair lands on the default branch instead of the subject's own, which has the problem too or was merged. */
  readonly insteadOf?: Target | 'merged';
}

/** There is nothing (left) to heal. */
export interface NoTarget {
  readonly kind: 'none';
  readonly reason: ReasonCode;
  readonly detail: string;
}

interface Question {
  readonly repo: RepoRef;
  readonly subject: string;
  readonly signals: readonly Signal[];
  readonly request?: HealingInput['request'];
  readonly defaultBranch: string;
  readonly defaultHead: string;
  readonly service?: ServiceFacts;
}

type Repositories = ActivityDeps['forge']['repositories'];

const target = (branch: string, headSha: string, foreign = false): Target => ({ kind: 'target', branch, headSha, foreign });
const none = (reason: ReasonCode, detail: string): NoTarget => ({ kind: 'none', reason, detail });

/** Whether a commit is in the history that ends at `head`. */
async function isIn(repositories: Repositories, repo: RepoRef, sha: string, head: string): Promise<boolean> {
  if (sha === head) {
    return true;
  }
  if ((await repositories.resolve(repo, sha)) !== sha) {
    return false;
  }
  return (await repositories.commits(repo, head, sha, 1)).commits.length === 0;
}

async function ofPullRequest({ forge }: Pick<ActivityDeps, 'forge'>, { repo }: Question, number: number): Promise<Target | NoTarget> {
  const pull = await forge.changes.get(repo, number);
  if (pull === null) {
    return none('change-closed', `there is no pull request ${number}`);
  }
  if (pull.headBranch.startsWith('suture/') && !pull.fromFork) {
    return none('correlated', `pull request ${number} is a repair itself; its own healing watches it`);
  }
  if (pull.optedOut === true) return none('person-said-no-before', `a person put the label on pull request ${number} that forbids Suture`);
  switch (pull.state) {
    case 'open':
      return target(pull.headBranch, pull.headSha, pull.fromFork);
    case 'merged': {
      const head = await forge.repositories.resolve(repo, pull.baseBranch);
      return head === null
        ? none('change-closed', `pull request ${number} is merged and its branch ${pull.baseBranch} is gone`)
        : target(pull.baseBranch, head);
    }
    case 'closed':
      return none('change-closed', `pull request ${number} is closed`);
  }
}

/** Pull requests in which a commit of a fork is looked for. */
const MAX_PULLS = 100;

/** A commit that a check named without saying where it lies: the head of an open pull request, most likely of a fork. */
async function ofCommit(deps: Pick<ActivityDeps, 'forge'>, question: Question, sha: string): Promise<Target | NoTarget> {
  if (sha === question.defaultHead) {
    return target(question.defaultBranch, sha);
  }
  const pull = (await deps.forge.changes.listOpen(question.repo, MAX_PULLS)).find((open) => open.headSha === sha);
  return pull === undefined
    ? none('head-moved', `${sha.slice(0, 10)} is the head of no open pull request (any more)`)
    : ofPullRequest(deps, question, pull.number);
}

async function ofRevision(repositories: Repositories, question: Question, revision: string | undefined): Promise<Target | NoTarget> {
  const { repo, defaultBranch, defaultHead } = question;
  if (revision === undefined || revision === defaultBranch) {
    return target(defaultBranch, defaultHead);
  }
  const sha = await repositories.resolve(repo, revision);
  if (sha === null) {
    return none('head-moved', `there is no revision ${revision}`);
  }
  // A commit id names no branch to land on; a repair of an old commit lands on the default branch.
  return sha === revision ? target(defaultBranch, sha) : target(revision, sha);
}

/** Whether evidence says that the default branch has the problem: its own check failed, or what runs from it alerts. */
function showsOnDefault({ signals, defaultBranch, service }: Question): boolean {
  return service !== undefined || signals.some(({ kind, subject }) => kind === 'check-failed' && subject === `branch/${defaultBranch}`);
}

/** Finds what a subject stands for now. A branch that was merged, or whose problem the default branch has too, stands for the default branch: a repair of the branch alone would heal nobody else. */
export async function findTarget(deps: Pick<ActivityDeps, 'forge'>, question: Question): Promise<Target | NoTarget> {
  const found = await ofSubject(deps, question);
  const { repo, defaultBranch, defaultHead, subject, request, service } = question;
  const family = subject.split('/', 1)[0];
  if (found.kind === 'none' || found.foreign || found.branch === defaultBranch || request !== undefined) return found;
  if (family !== 'pr' && family !== 'branch' && family !== 'sha') return found;
  const merged = family === 'branch' && (await isIn(deps.forge.repositories, repo, found.headSha, defaultHead));
  if (!merged && !showsOnDefault(question)) return found;
  const live = service?.deployedSha;
  const head = live !== undefined && (await isIn(deps.forge.repositories, repo, live, defaultHead)) ? live : defaultHead;
  return { ...target(defaultBranch, head), insteadOf: merged ? 'merged' : found };
}

async function ofSubject(deps: Pick<ActivityDeps, 'forge'>, question: Question): Promise<Target | NoTarget> {
  const { repositories } = deps.forge;
  const { repo, subject, signals, defaultBranch, defaultHead, service } = question;
  const [family = '', ...rest] = subject.split('/');
  const name = rest.join('/');
  switch (family) {
    case 'pr':
      return /^[1-9]\d{0,9}$/.test(name)
        ? ofPullRequest(deps, question, Number(name))
        : none('change-closed', `${subject} is no pull request`);
    case 'sha':
      return ofCommit(deps, question, name);
    case 'branch': {
      if (name.startsWith('suture/')) {
        return none('correlated', `${name} is the branch of a repair; its own healing watches it`);
      }
      const head = await repositories.resolve(repo, name);
      return head === null ? none('head-moved', `the branch ${name} is gone`) : target(name, head);
    }
    case 'monitor': {
      const live = service?.deployedSha;
      return target(defaultBranch, live !== undefined && (await isIn(repositories, repo, live, defaultHead)) ? live : defaultHead);
    }
    default: {
      if (question.request !== undefined) {
        return ofRevision(repositories, question, question.request.revision);
      }
      const sha = signals.findLast((signal) => signal.sha !== undefined)?.sha;
      return target(defaultBranch, sha !== undefined && (await isIn(repositories, repo, sha, defaultHead)) ? sha : defaultHead);
    }
  }
}
