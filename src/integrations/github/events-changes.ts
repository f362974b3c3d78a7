import type { Parsed } from '../contract.ts';
import { fromLabel } from './events-people.ts';
import { isFork, OWN_BRANCHES, ownSubject } from './own.ts';
import { type Pull, PullRequest, Push } from './payload.ts';
import { type Delivery, type Draft, ignored, type OwnNames, quoted, signalsOf } from './signals.ts';
import { sameLogin, senderActor } from './trust.ts';

/** What happened to a pull request, for its healing; for one of a fork also for the commit alone, because its checks name no more. */
function aboutPull(delivery: Delivery, pull: Pull, own: string | null, names: OwnNames, before: string | undefined): Parsed {
  const closed = delivery.action === 'closed';
  const merged = closed && pull.merged === true;
  const draft: Draft = {
    kind: merged ? 'change-merged' : closed ? 'change-closed' : 'head-moved',
    subject: own ?? `pr/${pull.number}`,
    actor: senderActor(delivery.sender, names.login),
    at: pull.updated_at,
    sha: merged ? (pull.merge_commit_sha ?? pull.head?.sha) : pull.head?.sha,
    summary: `pull request ${pull.number}: ${merged ? 'merged' : closed ? 'closed' : 'pushed to'}`,
    facts: { number: pull.number, branch: pull.head?.ref, fork: String(isFork(pull)), own: own === null ? undefined : 'true' },
  };
  const commit = closed ? pull.head?.sha : before;
  const ofCommit = isFork(pull) && commit !== undefined ? [{ ...draft, subject: `sha/${commit}` }] : [];
  return signalsOf(delivery, [draft, ...ofCommit]);
}

/** A pull request that was closed, merged, pushed to or labelled. */
export function fromPullRequest(delivery: Delivery, names: OwnNames): Parsed {
  const { pull_request: pull, label, before } = PullRequest.safeParse(delivery.payload).data ?? {};
  if (pull?.number === undefined) return ignored('the pull request has no number');
  const own = ownSubject(delivery.repo, pull, names.login);
  switch (delivery.action) {
    case 'labeled':
      return fromLabel(
        delivery,
        { number: pull.number, title: pull.title, at: pull.updated_at, label: label?.name, kind: 'pr', own },
        names,
      );
    case 'closed':
      return aboutPull(delivery, pull, own, names, before);
    case 'synchronize':
      // Also to the branch of a person's pull request, where a repair may be written: it must not look as if somebody else had moved it.
      if (sameLogin(delivery.sender?.login, names.login)) return ignored('our own push');
      return aboutPull(delivery, pull, own, names, before);
    default:
      return ignored(`a pull request was ${quoted(delivery.action)}; its checks say whether something is wrong`);
  }
}

/** A push. What is pushed to a pull request is told by its own event, and whether something is wrong by the checks. */
export function fromPush(delivery: Delivery, { login }: OwnNames): Parsed {
  const push = Push.safeParse(delivery.payload).data;
  const branch = /^refs\/heads\/(.+)$/s.exec(push?.ref ?? '')?.[1];
  if (push === undefined || branch === undefined) return ignored('a tag was pushed');
  if (branch.startsWith(OWN_BRANCHES)) return ignored('a push to the branch of a fix; its pull request tells');
  if (push.created === true) return ignored('a new branch; its checks say whether something is wrong');
  const rewritten = push.forced === true || push.deleted === true;
  // Everybody's commits land on the default branch. That somebody else's did says nothing about the failure that is looked at.
  if (branch === delivery.defaultBranch && !rewritten)
    return ignored('a push to the default branch; its checks say whether something is wrong');
  if (sameLogin(delivery.sender?.login, login) && !rewritten) return ignored('our own push');
  const draft: Draft = {
    kind: 'head-moved',
    subject: `branch/${branch}`,
    actor: senderActor(delivery.sender, login),
    at: undefined,
    sha: push.deleted === true ? undefined : push.after,
    summary: `${branch} was ${push.deleted === true ? 'deleted' : push.forced === true ? 'rewritten' : 'pushed to'}`,
    facts: { branch, before: push.before },
  };
  return signalsOf(delivery, [draft]);
}
