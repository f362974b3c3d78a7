import { isRefName } from '../../lib/ref-name.ts';
import { unless } from './answer.ts';
import type { Api } from './api.ts';

const isSha = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

/** Head of a branch; null when there is none. */
export async function branchHead(api: Api, branch: string): Promise<string | null> {
  if (!isRefName(branch)) return null;
  const answer = await unless([404, 409], null, api.call('GET /repos/{owner}/{repo}/git/ref/{ref}', { ref: `heads/${branch}` }));
  // A name that is only the beginning of others is answered with a list by older servers.
  return answer === null || Array.isArray(answer.data) ? null : answer.data.object.sha;
}

async function tagged(api: Api, tag: string): Promise<string | null> {
  const answer = await unless([404, 409], null, api.call('GET /repos/{owner}/{repo}/git/ref/{ref}', { ref: `tags/${tag}` }));
  if (answer === null || Array.isArray(answer.data)) return null;
  const { type, sha } = answer.data.object;
  if (type === 'commit') return sha;
  const object = await unless([404], null, api.call('GET /repos/{owner}/{repo}/git/tags/{tag_sha}', { tag_sha: sha }));
  return object?.data.object.type === 'commit' ? object.data.object.sha : null;
}

/** Commit id of a full commit id, branch or tag; null when there is none. */
export async function resolveRevision(api: Api, revision: string): Promise<string | null> {
  if (!isRefName(revision)) return null;
  if (isSha(revision)) {
    const commit = await unless(
      [404, 409, 422],
      null,
      api.call('GET /repos/{owner}/{repo}/git/commits/{commit_sha}', { commit_sha: revision }),
    );
    return commit?.data.sha ?? null;
  }
  return (await branchHead(api, revision)) ?? (await tagged(api, revision));
}
