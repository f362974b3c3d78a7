import type { Router } from './router.ts';
import { type Json, type Reply, refuse } from './wire.ts';
import type { World } from './world.ts';

/** Operations that `emulate` answers as GitHub does, or nearly. */
const FORWARDED = [
  'GET /meta',
  'GET /rate_limit',
  'GET /user',
  'GET /users/{username}',
  'GET /repos/{owner}/{repo}',
  'PATCH /repos/{owner}/{repo}',
  'GET /repos/{owner}/{repo}/branches',
  'GET /repos/{owner}/{repo}/branches/{branch}/protection',
  'PUT /repos/{owner}/{repo}/branches/{branch}/protection',
  'DELETE /repos/{owner}/{repo}/branches/{branch}/protection',
  'GET /repos/{owner}/{repo}/collaborators',
  'GET /repos/{owner}/{repo}/commits',
  'GET /repos/{owner}/{repo}/commits/{commit_sha}/comments',
  'POST /repos/{owner}/{repo}/commits/{commit_sha}/comments',
  'GET /repos/{owner}/{repo}/comments/{comment_id}',
  'PATCH /repos/{owner}/{repo}/comments/{comment_id}',
  'GET /repos/{owner}/{repo}/compare/{basehead}',
  'GET /repos/{owner}/{repo}/contents/{path}',
  'GET /repos/{owner}/{repo}/git/blobs/{file_sha}',
  'POST /repos/{owner}/{repo}/git/blobs',
  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
  'POST /repos/{owner}/{repo}/git/commits',
  'GET /repos/{owner}/{repo}/git/ref/{ref}',
  'GET /repos/{owner}/{repo}/git/matching-refs/{ref}',
  'GET /repos/{owner}/{repo}/git/tags/{tag_sha}',
  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
  'POST /repos/{owner}/{repo}/git/trees',
  'POST /repos/{owner}/{repo}/issues',
  'GET /repos/{owner}/{repo}/issues/comments',
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/events',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/labels',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
  'PUT /repos/{owner}/{repo}/issues/{issue_number}/labels',
  'DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}',
  'GET /repos/{owner}/{repo}/labels',
  'POST /repos/{owner}/{repo}/labels',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/commits',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
  'DELETE /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers',
  'GET /repos/{owner}/{repo}/releases',
  'POST /repos/{owner}/{repo}/releases',
  'GET /search/issues',
  'POST /repos/{owner}/{repo}/forks',
];

/** `emulate`'s errors in GitHub's words. */
export function inGitHubsWords(answer: Reply, isInstallation: boolean): Reply {
  const message = answer.body?.message as string | undefined;
  if (answer.status < 400 || message === undefined) return answer;
  const said =
    message === 'Forbidden' && isInstallation
      ? 'Resource not accessible by integration'
      : message === 'Validation failed'
        ? 'Validation Failed'
        : message;
  const rest = Object.fromEntries(
    Object.entries(answer.body as Record<string, Json>).filter(([name]) => name !== 'message' && name !== 'documentation_url'),
  );
  return {
    ...refuse(answer.status, said),
    body: { ...rest, ...refuse(answer.status, said).body },
    ...(answer.headers === undefined ? {} : { headers: answer.headers }),
  };
}

/** Fields that GitHub sets by itself when a client leaves them out. */
function whole(operation: string, body: Json): Json {
  if (operation === 'POST /repos/{owner}/{repo}/git/trees' && Array.isArray(body?.tree))
    return {
      ...body,
      tree: body.tree.map((entry: Json) => ({
        mode: '100644',
        type: entry.mode === '040000' ? 'tree' : entry.mode === '160000' ? 'commit' : 'blob',
        ...entry,
      })),
    };
  if (operation === 'POST /repos/{owner}/{repo}/git/commits') return { parents: [], ...body };
  return body;
}

/** What goes through to `emulate`. */
export function forwardedRoutes(router: Router, world: World): void {
  for (const operation of FORWARDED)
    router.on(operation, (ask) => {
      const { accept } = ask.headers;
      return world.upstream.send(ask.method, ask.target, whole(operation, ask.body), ask.who, accept === undefined ? {} : { accept });
    });
}
