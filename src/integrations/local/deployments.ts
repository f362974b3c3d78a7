import { join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { DeploymentFacts, ForgeDeployments } from '../contract.ts';
import { SUTURE_ACTOR } from './actors.ts';
import { createAtomically, readAllJson, readJson, writeJson } from './atomic-file.ts';
import { assertSha, gitText } from './git.ts';
import type { RepoFolders } from './paths.ts';
import { DeploymentRecord, LiveRecord } from './records.schema.ts';
import { changing, type OpenRepository, openRepository, wake } from './repo-store.ts';

const LISTED = 20;

/** All deployments, oldest first. */
export async function readDeployments(folders: RepoFolders): Promise<readonly DeploymentRecord[]> {
  return [...(await readAllJson(folders.deployments, DeploymentRecord))].sort((a, b) => Number(a.id) - Number(b.id));
}

/** One deployment; null when there is none with this id. */
export function readDeployment(folders: RepoFolders, id: string): Promise<DeploymentRecord | null> {
  return /^[1-9][0-9]{0,9}$/.test(id) ? readJson(join(folders.deployments, `${id}.json`), DeploymentRecord) : Promise.resolve(null);
}

/** Replace a deployment's record. */
export function writeDeployment(folders: RepoFolders, record: DeploymentRecord): Promise<void> {
  return writeJson(join(folders.deployments, `${record.id}.json`), { ...record, updatedAt: new Date().toISOString() });
}

/** What is live in an environment; null before its first deployment. */
export function readLive(folders: RepoFolders, environment: string): Promise<LiveRecord | null> {
  return readJson(join(folders.environments, `${environment}.json`), LiveRecord);
}

/** Where the live release of an environment answers. */
export function urlOf(live: LiveRecord): string {
  return `http://127.0.0.1:${live.front ?? live.port}`;
}

/** Find a deployment by its key or queue it in an actor's name. */
export async function requestDeployment(
  open: OpenRepository,
  input: { readonly sha: string; readonly environment: string; readonly key: string; readonly actor: string },
): Promise<DeploymentRecord> {
  const { folders, settings } = open;
  const { sha, environment, key, actor } = input;
  if (!Object.hasOwn(settings.environments, environment)) {
    throw new Failure(
      'configuration-invalid',
      `there is no environment ${JSON.stringify(environment.slice(0, 100))}: add it to ${folders.settings}`,
    );
  }
  assertSha(sha);
  if ((await gitText(folders.gitDir, ['cat-file', '-t', sha], { accept: [1, 128] })) !== 'commit') {
    throw new Failure('revision-gone', `commit ${sha} is not in the repository`);
  }
  return changing(open, async () => {
    const all = await readDeployments(folders);
    const found = all.find((record) => record.key === key);
    if (found !== undefined) {
      return found;
    }
    const at = new Date().toISOString();
    for (let id = Number(all.at(-1)?.id ?? 0) + 1; ; id += 1) {
      const record: DeploymentRecord = {
        id: String(id),
        key,
        sha,
        environment,
        state: 'queued',
        detail: null,
        actor,
        createdAt: at,
        updatedAt: at,
        runner: null,
      };
      if (await createAtomically(join(folders.deployments, `${id}.json`), `${JSON.stringify(record, null, 2)}\n`)) {
        return record;
      }
    }
  });
}

async function factsOf({ folders }: OpenRepository, record: DeploymentRecord): Promise<DeploymentFacts> {
  const live = await readLive(folders, record.environment);
  return {
    id: record.id,
    sha: record.sha,
    environment: record.environment,
    state: record.state,
    at: record.updatedAt,
    ...(live?.deployment === record.id ? { url: urlOf(live) } : {}),
    ...(record.detail === null ? {} : { detail: record.detail }),
  };
}

/** Deployments on the local forge. */
export function createDeployments(stateDir: string): ForgeDeployments {
  return {
    async list(repo, environment) {
      const open = await openRepository(stateDir, repo);
      const records = (await readDeployments(open.folders)).filter((record) => record.environment === environment);
      return Promise.all(
        records
          .slice(-LISTED)
          .reverse()
          .map((record) => factsOf(open, record)),
      );
    },
    async create(repo, input) {
      const open = await openRepository(stateDir, repo);
      const record = await requestDeployment(open, { ...input, actor: SUTURE_ACTOR });
      wake(stateDir);
      return factsOf(open, record);
    },
    async get(repo, id) {
      const open = await openRepository(stateDir, repo);
      const record = await readDeployment(open.folders, id);
      return record === null ? null : factsOf(open, record);
    },
  };
}
