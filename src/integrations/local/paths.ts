import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import { RepoRef } from '../../domain/names.schema.ts';

/** Folders of one served repository. */
export interface RepoFolders {
  readonly root: string;
  readonly gitDir: string;
  readonly settings: string;
  readonly pulls: string;
  readonly checks: string;
  readonly pending: string;
  readonly deployments: string;
  readonly environments: string;
  readonly releases: string;
  readonly claims: string;
  readonly observed: string;
  readonly lock: string;
}

/** Folder that holds every served repository as `<owner>/<name>`. */
export function forgeRoot(stateDir: string): string {
  return join(stateDir, 'forge');
}

/** Folder of the forge service's own state; its leading dot keeps it apart from owners. */
export function serviceFolder(stateDir: string): string {
  return join(forgeRoot(stateDir), '.service');
}

/** Where one repository lives. Throws `Failure` code `repository-gone` for names that cannot be a repository. */
export function repoFolders(stateDir: string, repo: RepoRef): RepoFolders {
  const checked = RepoRef.safeParse(repo);
  if (!checked.success) {
    throw new Failure('repository-gone', 'this is not the name of a repository: use <owner>/<name> with letters, digits, ".", "_" and "-"');
  }
  const root = join(forgeRoot(stateDir), checked.data.owner, checked.data.name);
  return {
    root,
    gitDir: join(root, 'repo.git'),
    settings: join(root, 'settings.json'),
    pulls: join(root, 'pulls'),
    checks: join(root, 'checks'),
    pending: join(root, 'pending'),
    deployments: join(root, 'deployments'),
    environments: join(root, 'environments'),
    releases: join(root, 'releases'),
    claims: join(root, 'claims'),
    observed: join(root, 'observed.json'),
    lock: join(root, 'lock'),
  };
}

/** SHA-256 as hex. */
export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A file name for any text: readable start, then enough of its hash to be unique. */
export function fileNameFor(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return `${slug === '' ? 'x' : slug}-${sha256(text).slice(0, 16)}`;
}
