import { parseHealingId } from '../../domain/ids.ts';
import { type RepoRef, Subject } from '../../domain/names.schema.ts';
import type { Pull, PullStub } from './payload.ts';
import { sameLogin } from './trust.ts';

/** Prefix of the branches that Suture makes. */
export const OWN_BRANCHES = 'suture/';

const asSubject = (text: string): string | null => (Subject.safeParse(text).success ? text : null);

/** Whether the head of a pull request lies in another repository. One whose repository was deleted counts as such. */
export function isFork({ head, base }: Pick<PullStub, 'head' | 'base'>): boolean {
  return head?.repo?.id === undefined || head.repo.id !== base?.repo?.id;
}

/** Subjects of the healings of a repository that the markers in a text name. */
function markedSubjects(repo: RepoRef, body: string | undefined): readonly string[] {
  const ids = [...(body ?? '').matchAll(/<!-- suture:(heal\/[^\s#>]{1,400})#[0-9a-f]{4,64} -->/g)].map(([, id = '']) => parseHealingId(id));
  return ids.flatMap((healing) =>
    healing !== null &&
    sameLogin(healing.repo.owner, repo.owner) &&
    sameLogin(healing.repo.name, repo.name) &&
    asSubject(healing.subject) !== null
      ? [healing.subject]
      : [],
  );
}

/** The subject of the healing that a text of ours belongs to. Whoever calls has made sure that it is of ours; its marker stands behind everything that it quotes. */
export function markedSubject(repo: RepoRef, body: string | undefined): string | null {
  return markedSubjects(repo, body).at(-1) ?? null;
}

/** The subject of the healing that a pull request of ours belongs to: the marked one that its branch is named after. Null for everybody else's, whatever their text says. */
export function ownSubject(repo: RepoRef, pull: Pull, login: string): string | null {
  const name = pull.head?.ref === undefined ? undefined : nameOfBranch(pull.head.ref);
  if (name === undefined || isFork(pull) || !sameLogin(pull.user?.login, login)) return null;
  return markedSubjects(repo, pull.body).findLast((subject) => asBranchName(subject) === name) ?? null;
}

/** What a branch of ours is named after: `pr-12` of `suture/pr-12-1a2b3c4d`. */
function nameOfBranch(branch: string): string | undefined {
  return /^suture\/(.+)-[0-9a-f]{8}$/.exec(branch)?.[1];
}

/** A subject as the name of a healing's branch has it; see `branchFor`. */
function asBranchName(subject: string): string {
  return subject
    .replaceAll('/', '-')
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}

/**
 * The subject of the healing that a branch of ours most likely belongs to. Runs and checks carry no text of the pull request, but the
 * branch is named after the subject (`suture/pr-12-1a2b3c4d`) and lands where it came from. What comes of it only makes a healing look
 * up earlier than it would have: a wrong guess costs nothing and begins nothing.
 */
export function guessedSubject(branch: string, base: string | undefined): string | null {
  const name = nameOfBranch(branch) ?? '';
  if (base !== undefined && name === asBranchName(`branch-${base}`)) return asSubject(`branch/${base}`);
  const [, family, rest = ''] = /^(pr|issue|branch|monitor|manual|sha)-(.+)$/.exec(name) ?? [];
  return family === undefined ? null : asSubject(`${family}/${family === 'monitor' ? rest.replace('-', ':') : rest}`);
}
