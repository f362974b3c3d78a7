import { mergeTrees } from './merge-trees.ts';
import { missingChecks } from './requirements.ts';
import { type Json, refuse } from './wire.ts';
import { commitOf, idOf, type PullMemory, userJson, type World } from './world.ts';

/** What the stand-in remembers of a pull request. */
export function memoryOf(world: World, repo: string, number: number): PullMemory {
  const key = `${repo}#${number}`.toLowerCase();
  let known = world.pulls.get(key);
  if (known === undefined) {
    known = { head: null, base: null, closer: null, autoMerge: null, merged: null };
    world.pulls.set(key, known);
  }
  return known;
}

const ONLY_ALONE = [
  'merged',
  'mergeable',
  'rebaseable',
  'mergeable_state',
  'merged_by',
  'comments',
  'review_comments',
  'maintainer_can_modify',
  'commits',
  'additions',
  'deletions',
  'changed_files',
];

/** `emulate` keeps the head of the day a pull request was opened and never looks for conflicts: this is the pull request as GitHub shows it. */
export async function truePull(world: World, repo: string, pull: Json, alone: boolean): Promise<Json> {
  const memory = memoryOf(world, repo, pull.number);
  const isOpen = pull.state === 'open';
  if (isOpen || memory.head === null) {
    const headRepo = (pull.head.repo?.full_name as string | undefined) ?? repo;
    memory.head = (await commitOf(world, headRepo, `refs/heads/${pull.head.ref}`)) ?? memory.head ?? pull.head.sha;
    memory.base = (await commitOf(world, repo, `refs/heads/${pull.base.ref}`)) ?? memory.base ?? pull.base.sha;
  }
  const { merged } = memory;
  const shown: Json = {
    ...pull,
    head: { ...pull.head, sha: memory.head },
    base: { ...pull.base, sha: memory.base },
    statuses_url: `${world.url}/repos/${repo}/statuses/${memory.head}`,
    auto_merge: memory.autoMerge,
    merged: merged !== null,
    merged_at: merged?.at ?? null,
    merged_by: merged === null ? null : userJson(world, merged.by, idOf(merged.by)),
    merge_commit_sha: merged?.sha ?? null,
  };
  if (!alone) {
    for (const field of ONLY_ALONE) delete shown[field];
    return shown;
  }
  if (!isOpen) return { ...shown, mergeable: null, mergeable_state: 'unknown' };
  const clean = pull.head.repo?.full_name !== repo || (await mergeTrees(world, repo, memory.base ?? '', memory.head ?? '')) !== null;
  const missing = await missingChecks(world, repo, pull.base.ref, memory.head ?? '');
  const state = !clean ? 'dirty' : pull.draft ? 'draft' : missing.length > 0 ? 'blocked' : 'clean';
  return { ...shown, mergeable: clean, rebaseable: clean, mergeable_state: state };
}

/** A pull request as it is; null when there is none. */
export async function readPull(world: World, repo: string, number: number): Promise<Json> {
  const pull = await world.upstream.find(`/repos/${repo}/pulls/${number}`);
  return pull === null ? null : truePull(world, repo, pull, true);
}

/** Open pull requests of a repository, as `emulate` keeps them. */
export async function openPulls(world: World, repo: string): Promise<readonly Json[]> {
  return world.upstream.admin('GET', `/repos/${repo}/pulls?state=open&per_page=100`);
}

/** Marks a pull request merged; `emulate` only closes it. */
export async function markMerged(world: World, repo: string, number: number, sha: string, by: string): Promise<void> {
  const memory = memoryOf(world, repo, number);
  memory.merged = { sha, by, at: new Date(world.now()).toISOString() };
  memory.closer = by;
  await world.upstream.admin('PATCH', `/repos/${repo}/pulls/${number}`, { state: 'closed' });
}

/** GitHub's word for a pull request that cannot be merged. */
export const notMergeable = refuse(405, 'Pull Request is not mergeable');
