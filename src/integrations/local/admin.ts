import { randomUUID } from 'node:crypto';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import { isRefName } from '../../lib/ref-name.ts';
import type { DeploymentFacts, PullRequestFacts, Refused } from '../contract.ts';
import { writeJson } from './atomic-file.ts';
import { reportCheck as recordCheck } from './checks.ts';
import { createDeployments, requestDeployment as queueDeployment } from './deployments.ts';
import { gitText } from './git.ts';
import { mergePull } from './merge.ts';
import { closePull, createPull, pullFacts } from './pull-requests.ts';
import { type CheckRecord, type PullRecord, RepositorySettings } from './records.schema.ts';
import {
  branchHead,
  changing,
  identityOf,
  moveBranch,
  type OpenRepository,
  openRepository,
  readPull,
  wake,
  writePull,
} from './repo-store.ts';
import { type TreeFile, writeTree } from './scratch-tree.ts';

export { createRepository, type RepositoryOrigin } from './create-repository.ts';
export { mirrorExisting, publishBranchTo } from './mirror.ts';

/** A file of a push: text, bytes, a link, an executable; null deletes it. */
export type PushedFile = string | Uint8Array | { readonly link: string } | { readonly executable: string } | null;

async function existing(open: OpenRepository, number: number): Promise<PullRecord> {
  const record = await readPull(open, number);
  if (record === null) {
    throw new Failure('plan-invalid', `there is no pull request ${number}`);
  }
  return record;
}

function asTreeFile([path, file]: [string, PushedFile]): TreeFile {
  if (file === null) {
    return { path, mode: '100644', content: null };
  }
  if (typeof file === 'string' || file instanceof Uint8Array) {
    return { path, mode: '100644', content: Buffer.from(file) };
  }
  return 'link' in file
    ? { path, mode: '120000', content: Buffer.from(file.link) }
    : { path, mode: '100755', content: Buffer.from(file.executable) };
}

/** Change a repository's settings; what is not named stays. */
export async function changeSettings(stateDir: string, repo: RepoRef, change: Partial<RepositorySettings>): Promise<void> {
  const open = await openRepository(stateDir, repo);
  await changing(open, async () => {
    const { settings } = await openRepository(stateDir, repo);
    await writeJson(open.folders.settings, RepositorySettings.parse({ ...settings, ...change }));
  });
  wake(stateDir);
}

/** Push one commit to a branch in an actor's name, as an owner may: protection does not hold it up. A new branch starts at `from`. */
export async function push(
  stateDir: string,
  repo: RepoRef,
  input: {
    readonly branch: string;
    readonly files: Readonly<Record<string, PushedFile>>;
    readonly message: string;
    readonly actor: string;
    readonly from?: string;
  },
): Promise<{ readonly sha: string }> {
  const open = await openRepository(stateDir, repo);
  const { gitDir } = open.folders;
  const { branch, files, message, actor } = input;
  if (!isRefName(branch)) {
    throw new Failure('plan-invalid', 'this cannot be the name of a branch');
  }
  const sha = await changing(open, async () => {
    const head = await branchHead(gitDir, branch);
    const parent = head ?? (await branchHead(gitDir, input.from ?? open.settings.defaultBranch)) ?? input.from ?? null;
    const tree = await writeTree(gitDir, parent, Object.entries(files).map(asTreeFile));
    const commit = await gitText(gitDir, ['commit-tree', tree, ...(parent === null ? [] : ['-p', parent]), '-F', '-'], {
      stdin: message,
      env: identityOf(actor),
    });
    if (!(await moveBranch(gitDir, branch, head, commit, actor))) {
      throw new Failure('conflict', `${branch} moved during the push: try again`);
    }
    return commit;
  });
  wake(stateDir);
  return { sha };
}

/** Open a pull request as a person does. `fromFork` marks a head that lies in another repository. */
export async function openPullRequest(
  stateDir: string,
  repo: RepoRef,
  input: {
    readonly title: string;
    readonly body: string;
    readonly headBranch: string;
    readonly baseBranch?: string;
    readonly author: string;
    readonly fromFork?: boolean;
    readonly labels?: readonly string[];
  },
): Promise<PullRequestFacts> {
  const open = await openRepository(stateDir, repo);
  const record = await changing(open, async () => {
    const headSha = await branchHead(open.folders.gitDir, input.headBranch);
    if (headSha === null) {
      throw new Failure('plan-invalid', `there is no branch ${input.headBranch}`);
    }
    return createPull(open, {
      title: input.title.slice(0, 256),
      body: input.body,
      marker: null,
      author: input.author,
      baseBranch: input.baseBranch ?? open.settings.defaultBranch,
      headBranch: input.headBranch,
      headSha,
      fromFork: input.fromFork ?? false,
      labels: [...(input.labels ?? [])],
      draft: false,
    });
  });
  wake(stateDir);
  return pullFacts(open, record);
}

/** Merge as a person; `bypass` sets the branch's rules aside, as an owner may. */
export async function mergePullRequest(
  stateDir: string,
  repo: RepoRef,
  number: number,
  by: { readonly actor: string; readonly bypass: boolean },
): Promise<{ readonly kind: 'merged'; readonly sha: string } | Refused> {
  const open = await openRepository(stateDir, repo);
  const result = await changing(open, async () => {
    const record = await existing(open, number);
    return mergePull(open, record, record.headSha, by);
  });
  wake(stateDir);
  return result;
}

/** Close a pull request as a person; Suture never reopens it. */
export async function closePullRequest(stateDir: string, repo: RepoRef, number: number, by: { readonly actor: string }): Promise<void> {
  const open = await openRepository(stateDir, repo);
  await changing(open, async () => closePull(open, await existing(open, number), by.actor, null));
  wake(stateDir);
}

/** Reopen a closed pull request as a person. */
export async function reopenPullRequest(stateDir: string, repo: RepoRef, number: number): Promise<void> {
  const open = await openRepository(stateDir, repo);
  await changing(open, async () => {
    const record = await existing(open, number);
    if (record.state === 'closed') {
      await writePull(open, { ...record, state: 'open', closedBy: null });
    }
  });
  wake(stateDir);
}

/** Ask for a deployment as a person; without a key every call is a new one. */
export async function requestDeployment(
  stateDir: string,
  repo: RepoRef,
  input: { readonly sha: string; readonly environment: string; readonly actor: string; readonly key?: string },
): Promise<DeploymentFacts> {
  const open = await openRepository(stateDir, repo);
  const record = await queueDeployment(open, { ...input, key: input.key ?? randomUUID() });
  wake(stateDir);
  const facts = await createDeployments(stateDir).get(repo, record.id);
  if (facts === null) {
    throw new Failure('forge-unavailable', `deployment ${record.id} vanished`);
  }
  return facts;
}

/** Record the result of a check that another system ran. */
export async function reportCheck(
  stateDir: string,
  repo: RepoRef,
  input: {
    readonly sha: string;
    readonly name: string;
    readonly conclusion: NonNullable<CheckRecord['conclusion']>;
    readonly log?: string;
  },
): Promise<void> {
  const open = await openRepository(stateDir, repo);
  await changing(open, () => recordCheck(open.folders, { ...input, log: input.log ?? '' }));
  wake(stateDir);
}
