import type { Dependencies, SandboxWishes } from '../../domain/dependencies.schema.ts';
import { Failure } from '../../domain/failure.ts';
import { ownIdentity } from '../../lib/process-identity.ts';
import type { JobResult, Sandbox, SandboxJob, SandboxLimits } from '../../sandbox/contract.ts';
import { isAbandoned } from './abandoned.ts';
import { clearPending, createCheck, markPending, readCheck, readPending, writeCheck, writeCheckLog } from './checks.ts';
import { exportTree } from './export-tree.ts';
import { fileNameFor } from './paths.ts';
import type { CheckRecord } from './records.schema.ts';
import { branchHead, changing, type OpenRepository } from './repo-store.ts';
import { entryAt, readBlob } from './tree.ts';

/** What a check of the repository's policy file says about how it is run. */
export interface CheckDefinition {
  readonly name: string;
  readonly run: string;
  readonly setup?: string | undefined;
  readonly timeoutSeconds: number;
  /** What the repository asks of the sandbox. */
  readonly sandbox?: SandboxWishes | undefined;
  readonly dependencies?: 'auto' | readonly Dependencies[] | undefined;
}

/** Reads the checks out of the text of `.github/suture.yml`; throws when the text is not a policy file. */
export type ReadChecks = (text: string) => readonly CheckDefinition[];

const POLICY_FILE = '.github/suture.yml';
const MAX_POLICY = 256 * 1024;

/** The repository's checks as its default branch has them; whoever changes them in a branch changes nothing yet. */
export async function checkDefinitions({ folders, settings }: OpenRepository, readChecks: ReadChecks): Promise<readonly CheckDefinition[]> {
  const head = await branchHead(folders.gitDir, settings.defaultBranch);
  const entry = head === null ? null : await entryAt(folders.gitDir, head, POLICY_FILE);
  return entry === null || entry.type !== 'blob' || entry.mode === '120000'
    ? []
    : readChecks(Buffer.from(await readBlob(folders.gitDir, entry, MAX_POLICY)).toString('utf8'));
}

/** Queue the checks of a revision; those it has already stay as they are. */
export async function queueChecks({ folders }: OpenRepository, sha: string, definitions: readonly CheckDefinition[]): Promise<void> {
  for (const { name, run, setup, timeoutSeconds, sandbox, dependencies } of definitions) {
    const record: CheckRecord = {
      name,
      sha,
      status: 'queued',
      conclusion: null,
      job: {
        run,
        setup: setup ?? null,
        timeoutSeconds,
        ...(sandbox === undefined ? {} : { sandbox }),
        ...(dependencies === undefined ? {} : { dependencies: dependencies === 'auto' ? dependencies : [...dependencies] }),
      },
      runner: null,
      queuedAt: new Date().toISOString(),
      completedAt: null,
      isolation: null,
    };
    if ((await createCheck(folders, record)) || (await readCheck(folders, sha, name))?.status !== 'completed') {
      await markPending(folders, { sha, name });
    }
  }
}

/** Checks that wait for a runner: queued ones, those whose runner is gone, and those of this process; what it runs at the moment is for the caller to know. */
export async function waitingChecks({ folders }: OpenRepository): Promise<readonly CheckRecord[]> {
  const waiting: CheckRecord[] = [];
  for (const pending of await readPending(folders)) {
    const record = await readCheck(folders, pending.sha, pending.name);
    if (record === null) {
      await clearPending(folders, pending);
    } else if (isWaiting(record)) {
      waiting.push(record);
    }
  }
  return waiting.sort((a, b) => (a.queuedAt < b.queuedAt ? -1 : 1));
}

function isWaiting({ job, status, runner }: CheckRecord): boolean {
  return job !== null && (status === 'queued' || (status === 'running' && isAbandoned(runner)));
}

function jobOf(
  { repo, folders }: OpenRepository,
  record: CheckRecord,
  job: NonNullable<CheckRecord['job']>,
  limits: SandboxLimits,
): SandboxJob {
  const { backend, profiles } = job.sandbox ?? {};
  return {
    repository: `${repo.owner}/${repo.name}`,
    ...(backend === undefined ? {} : { backend }),
    ...(profiles === undefined ? {} : { profiles }),
    ...(job.dependencies === undefined ? {} : { dependencies: job.dependencies }),
    name: `check-${fileNameFor(`${record.name} ${repo.owner}/${repo.name} ${record.sha}`)}`,
    openBase: () => exportTree(folders.gitDir, record.sha),
    files: [],
    steps: [...(job.setup === null ? [] : [{ name: 'setup', run: job.setup }]), { name: 'run', run: job.run }],
    limits: { ...limits, wallClockMs: Math.min(limits.wallClockMs, job.timeoutSeconds * 1000) },
    env: {},
    artifacts: [],
    collectChanges: null,
  };
}

function conclusionOf(job: NonNullable<CheckRecord['job']>, result: JobResult): 'success' | 'failure' | 'timed-out' {
  if (result.steps.some((step) => step.timedOut)) {
    return 'timed-out';
  }
  const wanted = job.setup === null ? 1 : 2;
  return result.steps.length === wanted && result.steps.every((step) => step.exitCode === 0 && step.killedBy === null)
    ? 'success'
    : 'failure';
}

function logOf(job: NonNullable<CheckRecord['job']>, result: JobResult): string {
  const commands: Readonly<Record<string, string | null>> = { setup: job.setup, run: job.run };
  return result.steps
    .map((step) => {
      const end =
        step.killedBy === null
          ? step.exitCode === null
            ? `signal ${step.signal ?? 'unknown'}`
            : `exit ${step.exitCode}`
          : `ended by its ${step.killedBy} limit`;
      return `$ ${commands[step.name] ?? step.name}\n${step.output}${step.output.endsWith('\n') || step.output === '' ? '' : '\n'}[${end} after ${Math.round(step.durationMs)} ms]\n`;
    })
    .join('\n');
}

async function claim(open: OpenRepository, waiting: CheckRecord): Promise<CheckRecord | null> {
  return changing(open, async () => {
    const record = await readCheck(open.folders, waiting.sha, waiting.name);
    if (record === null || !isWaiting(record)) {
      return null;
    }
    const claimed: CheckRecord = { ...record, status: 'running', runner: ownIdentity() };
    await writeCheck(open.folders, claimed);
    return claimed;
  });
}

/** Run one waiting check in the sandbox and record how it ended. A run that is broken off is queued again. */
export async function runCheck(
  open: OpenRepository,
  waiting: CheckRecord,
  options: { readonly sandbox: Sandbox; readonly limits: SandboxLimits; readonly signal: AbortSignal },
): Promise<void> {
  const { sandbox, limits, signal } = options;
  const record = await claim(open, waiting);
  if (record?.job == null) {
    return;
  }
  const { folders } = open;
  const finish = async (conclusion: NonNullable<CheckRecord['conclusion']>, log: string, isolation: string | null): Promise<void> => {
    await writeCheckLog(folders, record.sha, record.name, Buffer.from(log));
    await writeCheck(folders, {
      ...record,
      status: 'completed',
      conclusion,
      runner: null,
      completedAt: new Date().toISOString(),
      isolation,
    });
  };
  try {
    const result = await sandbox.run(jobOf(open, record, record.job, limits), { signal });
    await finish(conclusionOf(record.job, result), logOf(record.job, result), result.isolation);
  } catch (error) {
    if (signal.aborted) {
      await writeCheck(folders, { ...record, status: 'queued', runner: null });
      return;
    }
    const reason = error instanceof Failure ? error.message : 'the check could not be run';
    await finish('cancelled', `This check was not run: ${reason}\n`, null);
    throw error;
  }
}
