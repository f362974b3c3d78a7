import type { RepoRef } from './names.schema.ts';

/** `heal/<owner>/<repo>/<subject>`: at most one open run per incident is a guarantee of the server. */
export function healingId(repo: RepoRef, subject: string): string {
  return `heal/${repo.owner}/${repo.name}/${subject}`;
}

/** `repo/<owner>/<repo>`. */
export function coordinatorId(repo: RepoRef): string {
  return `repo/${repo.owner}/${repo.name}`;
}

/** `command/<owner>/<repo>/<delivery>`: what a person asked for in a comment is obeyed once, however often it is delivered. */
export function commandId(repo: RepoRef, delivery: string): string {
  return `command/${repo.owner}/${repo.name}/${delivery}`;
}

/** Reads a healing id back; null when it is not one. */
export function parseHealingId(id: string): { readonly repo: RepoRef; readonly subject: string } | null {
  const match = /^heal\/([^/]+)\/([^/]+)\/(.+)$/.exec(id);
  const [, owner, name, subject] = match ?? [];
  return owner === undefined || name === undefined || subject === undefined ? null : { repo: { owner, name }, subject };
}
