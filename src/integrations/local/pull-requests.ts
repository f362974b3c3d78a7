import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ForgeChanges, PullRequestFacts, Refused } from '../contract.ts';
import { SUTURE_ACTOR } from './actors.ts';
import { createAtomically, namesIn } from './atomic-file.ts';
import { refused } from './commit-change.ts';
import { gitText } from './git.ts';
import { listCommits } from './history.ts';
import type { PullRecord } from './records.schema.ts';
import { branchHead, type OpenRepository, pullPath, readPulls, writePull } from './repo-store.ts';

const MAX_BODY = 60_000;
/** Label that forbids Suture on this forge. */
const STOP_LABEL = 'no-suture';

/** A record as the contract shows it. */
export function pullFacts({ folders }: OpenRepository, record: PullRecord): PullRequestFacts {
  return {
    number: record.number,
    url: pathToFileURL(pullPath(folders, record.number)).href,
    state: record.state,
    ...(record.closedBy === null ? {} : { closedBy: record.closedBy }),
    title: record.title,
    author: record.author,
    baseBranch: record.baseBranch,
    headBranch: record.headBranch,
    headSha: record.headSha,
    fromFork: record.fromFork,
    ...(record.labels.includes(STOP_LABEL) ? { optedOut: true as const } : {}),
    ...(record.mergeSha === null ? {} : { mergeSha: record.mergeSha }),
  };
}

/** The newest pull request with this marker that Suture opened, an open one first; null when there is none. */
export async function findMarked(open: OpenRepository, marker: string): Promise<PullRecord | null> {
  const marked = (await readPulls(open)).filter((record) => record.marker === marker && record.author === SUTURE_ACTOR).reverse();
  return marked.find((record) => record.state === 'open') ?? marked[0] ?? null;
}

/** Give a new pull request the next number and write it. Call it while `changing`. */
export async function createPull(
  open: OpenRepository,
  facts: Omit<PullRecord, 'number' | 'createdAt' | 'updatedAt' | 'comments' | 'state' | 'closedBy' | 'mergeSha'>,
): Promise<PullRecord> {
  const numbers = (await namesIn(open.folders.pulls)).map((name) => Number.parseInt(name, 10)).filter(Number.isSafeInteger);
  const at = new Date().toISOString();
  for (let number = Math.max(open.settings.firstPullRequest, ...numbers.map((taken) => taken + 1)); ; number += 1) {
    const record: PullRecord = {
      ...facts,
      number,
      state: 'open',
      closedBy: null,
      mergeSha: null,
      createdAt: at,
      updatedAt: at,
      comments: [],
    };
    if (await createAtomically(join(open.folders.pulls, `${number}.json`), `${JSON.stringify(record, null, 2)}\n`)) {
      return record;
    }
  }
}

type Opening = Parameters<ForgeChanges['open']>[1];

async function reuse(open: OpenRepository, found: PullRecord, input: Opening): Promise<PullRecord | Refused | null> {
  if (found.state === 'open' || (found.state === 'merged' && found.headBranch === input.headBranch)) {
    return found;
  }
  if (found.state === 'merged') {
    return null;
  }
  if (found.closedBy !== SUTURE_ACTOR) {
    return refused('closed', `pull request ${found.number} was closed by ${found.closedBy ?? 'a person'}`);
  }
  const head = await branchHead(open.folders.gitDir, found.headBranch);
  if (found.headBranch !== input.headBranch || head === null) {
    return null;
  }
  const reopened: PullRecord = { ...found, state: 'open', closedBy: null, headSha: head };
  await writePull(open, reopened);
  return reopened;
}

/** Find by marker or open; see `ForgeChanges.open`. Call it while `changing`. */
export async function openPull(open: OpenRepository, input: Opening): Promise<PullRecord | Refused> {
  const { gitDir } = open.folders;
  const found = await findMarked(open, input.marker);
  const reused = found === null ? null : await reuse(open, found, input);
  if (reused !== null) {
    return reused;
  }
  const head = await branchHead(gitDir, input.headBranch);
  const base = await branchHead(gitDir, input.baseBranch);
  if (head === null || base === null) {
    return refused('not-allowed', `there is no branch ${head === null ? input.headBranch : input.baseBranch}`);
  }
  if ((await listCommits(gitDir, base, head, 1)).length === 0) {
    return refused('not-allowed', `${input.headBranch} has nothing that ${input.baseBranch} has not`);
  }
  const body = input.body.slice(0, MAX_BODY);
  return createPull(open, {
    title: input.title.replace(/\s+/g, ' ').slice(0, 256),
    body: body.includes(input.marker) ? body : `${body}\n\n${input.marker}`,
    marker: input.marker,
    author: SUTURE_ACTOR,
    baseBranch: input.baseBranch,
    headBranch: input.headBranch,
    headSha: head,
    fromFork: false,
    labels: [...input.labels],
    draft: input.draft,
  });
}

/** Close in an actor's name; closed or merged already changes nothing. Call it while `changing`. */
export async function closePull(open: OpenRepository, record: PullRecord, actor: string, comment: string | null): Promise<void> {
  if (record.state !== 'open') {
    return;
  }
  const at = new Date().toISOString();
  const comments = comment === null ? record.comments : [...record.comments, { by: actor, at, body: comment.slice(0, MAX_BODY) }];
  await writePull(open, { ...record, state: 'closed', closedBy: actor, comments });
}

/** Whether one commit is an ancestor of (or the same as) another. */
export async function isAncestor(gitDir: string, ancestor: string, descendant: string): Promise<boolean> {
  return (await gitText(gitDir, ['rev-list', '--max-count=1', '--end-of-options', ancestor, `^${descendant}`])) === '';
}
