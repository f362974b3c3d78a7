import type { Parsed } from '../contract.ts';
import { readCommand } from './command-line.ts';
import { markedSubject, ownSubject } from './own.ts';
import { type Issue, IssueComment, Issues, Review } from './payload.ts';
import { type Delivery, type Draft, ignored, type OwnNames, quoted, signalsOf } from './signals.ts';
import { isBot, personActor, sameLogin, senderActor } from './trust.ts';

/** GitHub takes labels without regard to case. */
const sameLabel = (one: string | undefined, other: string): boolean => one?.toLowerCase() === other.toLowerCase();

/** A label that was put on an issue or a pull request: one starts, another forbids. Who may do so is asked of GitHub later: an issue form puts labels on for anybody. */
export function fromLabel(
  delivery: Delivery,
  about: {
    readonly number: number;
    readonly title: string | undefined;
    readonly at: string | undefined;
    readonly label: string | undefined;
    readonly kind: 'pr' | 'issue';
    /** Subject of the healing that made it, if one of ours did. */
    readonly own: string | null;
  },
  names: OwnNames,
): Parsed {
  const { sender } = delivery;
  const { number, title, label, own } = about;
  const starts = sameLabel(label, names.startLabel);
  if (!starts && !sameLabel(label, names.stopLabel)) return ignored(`the label ${quoted(label)} means nothing here`);
  if (sender === undefined || isBot(sender)) return ignored('a label of a machine');
  if (own !== null && (starts || sameLogin(sender.login, names.login))) return ignored('the label of our own pull request');
  const command = starts ? 'heal' : 'stop';
  const draft: Draft = {
    kind: 'commanded',
    subject: own ?? `${about.kind}/${number}`,
    actor: personActor(sender, undefined),
    at: about.at,
    summary: `${sender.login} put the label ${label} on ${about.kind === 'pr' ? 'pull request' : 'issue'} ${number}`,
    facts: { command, label, number, title, own: own === null ? undefined : 'true' },
  };
  return signalsOf(delivery, [draft]);
}

/** An issue that was labelled, or is no longer one. */
export function fromIssues(delivery: Delivery, names: OwnNames): Parsed {
  const { issue, label } = Issues.safeParse(delivery.payload).data ?? {};
  if (issue?.number === undefined) return ignored('the issue has no number');
  const { number, title, updated_at: at } = issue;
  switch (delivery.action) {
    case 'labeled':
      return fromLabel(delivery, { number, title, at, label: label?.name, kind: 'issue', own: null }, names);
    case 'closed':
    case 'deleted':
    case 'transferred': {
      const actor = senderActor(delivery.sender, names.login);
      const summary = `issue ${number}: ${delivery.action}`;
      return signalsOf(delivery, [{ kind: 'change-closed', subject: `issue/${number}`, actor, at, summary, facts: { number } }]);
    }
    default:
      return ignored(`an issue was ${quoted(delivery.action)}; the label ${quoted(names.startLabel)} or a comment starts a healing`);
  }
}

/** The subject that a conversation is about; for one on our own pull request that of the healing that made it. */
function subjectOf(delivery: Delivery, issue: Issue, login: string): { readonly subject: string; readonly own: boolean } {
  if (issue.pull_request === undefined || issue.pull_request === null) return { subject: `issue/${issue.number}`, own: false };
  const own = sameLogin(issue.user?.login, login) ? markedSubject(delivery.repo, issue.body) : null;
  return { subject: own ?? `pr/${issue.number}`, own: own !== null };
}

/** A comment whose first line is a command. */
export function fromIssueComment(delivery: Delivery, names: OwnNames): Parsed {
  if (delivery.action !== 'created') return ignored(`a comment was ${quoted(delivery.action)}; only a new one is a command`);
  const { issue, comment } = IssueComment.safeParse(delivery.payload).data ?? {};
  if (issue?.number === undefined || comment?.id === undefined) return ignored('the comment or its issue has no number');
  const read = readCommand(comment.body ?? '');
  if (read === null) return ignored('the first line of the comment is no command');
  const author = comment.user;
  if (author === undefined || isBot(author)) return ignored('a comment of a machine is no command');
  const begins = read.command === 'heal' || read.command === 'retry';
  if (begins && issue.labels.some((label) => sameLabel(label.name, names.stopLabel))) {
    return ignored(`the label ${quoted(names.stopLabel)} forbids it`);
  }
  const { subject, own } = subjectOf(delivery, issue, names.login);
  const draft: Draft = {
    kind: 'commanded',
    subject,
    actor: personActor(author, comment.author_association),
    at: comment.created_at,
    summary: `/suture ${read.command} by ${author.login}`,
    facts: {
      ...read,
      comment: comment.id,
      number: issue.number,
      title: issue.title,
      author_association: comment.author_association,
      own: own ? 'true' : undefined,
    },
  };
  return signalsOf(delivery, [draft]);
}

const VERDICTS: ReadonlyMap<string, string> = new Map([
  ['approved', 'review-approved'],
  ['changes_requested', 'review-rejected'],
]);

/** A person's review of our own pull request. */
export function fromReview(delivery: Delivery, { login }: OwnNames): Parsed {
  if (delivery.action !== 'submitted') return ignored(`a review was ${quoted(delivery.action)}`);
  const { pull_request: pull, review } = Review.safeParse(delivery.payload).data ?? {};
  const command = VERDICTS.get(review?.state?.toLowerCase() ?? '');
  if (command === undefined) return ignored(`a review that says ${quoted(review?.state)} decides nothing`);
  const subject = pull === undefined ? null : ownSubject(delivery.repo, pull, login);
  if (pull === undefined || subject === null) return ignored('the pull request is not ours');
  const author = review?.user;
  if (author === undefined || isBot(author) || sameLogin(author.login, login)) return ignored('a review of a machine or of our own');
  if (review?.commit_id === undefined) return ignored('the review names no commit');
  const draft: Draft = {
    kind: 'commanded',
    subject,
    actor: personActor(author, review.author_association),
    at: review.submitted_at,
    sha: review.commit_id,
    summary: `${author.login} ${command === 'review-approved' ? 'approved' : 'wants changes of'} pull request ${pull.number}`,
    facts: {
      command,
      sha: review.commit_id,
      review: review.id,
      number: pull.number,
      author_association: review.author_association,
      own: 'true',
    },
  };
  return signalsOf(delivery, [draft]);
}
