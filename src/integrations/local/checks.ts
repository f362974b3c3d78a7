import { open as openFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../lib/error-code.ts';
import type { CheckFacts, ForgeChecks } from '../contract.ts';
import { createAtomically, readAllJson, readJson, writeAtomically, writeJson } from './atomic-file.ts';
import { assertSha } from './git.ts';
import { listCommits } from './history.ts';
import { fileNameFor, type RepoFolders } from './paths.ts';
import { CheckRecord, PendingCheck } from './records.schema.ts';
import { type OpenRepository, openRepository } from './repo-store.ts';

/** Most of a log that is kept and handed out, in bytes. */
const MAX_LOG = 4 * 1024 ** 2;

/** How far back `lastGreen` looks. */
const LOOK_BACK = 200;

function pathOf(folders: RepoFolders, sha: string, name: string, ending: 'json' | 'log'): string {
  assertSha(sha);
  return join(folders.checks, sha, `${fileNameFor(name)}.${ending}`);
}

/** One check of one revision; null when it was never asked for. */
export function readCheck(folders: RepoFolders, sha: string, name: string): Promise<CheckRecord | null> {
  return readJson(pathOf(folders, sha, name, 'json'), CheckRecord);
}

/** All checks of a revision. */
export function readChecks(folders: RepoFolders, sha: string): Promise<readonly CheckRecord[]> {
  assertSha(sha);
  return readAllJson(join(folders.checks, sha), CheckRecord);
}

/** Create a check; false, and nothing changed, when the revision has one of this name. */
export function createCheck(folders: RepoFolders, record: CheckRecord): Promise<boolean> {
  return createAtomically(pathOf(folders, record.sha, record.name, 'json'), `${JSON.stringify(record, null, 2)}\n`);
}

/** Replace a check's record. */
export function writeCheck(folders: RepoFolders, record: CheckRecord): Promise<void> {
  return writeJson(pathOf(folders, record.sha, record.name, 'json'), record);
}

function pendingPath(folders: RepoFolders, { sha, name }: PendingCheck): string {
  return join(folders.pending, `${sha}-${fileNameFor(name)}.json`);
}

/** Put a check among those that the service has to look at. Write its record first. */
export async function markPending(folders: RepoFolders, { sha, name }: PendingCheck): Promise<void> {
  await createAtomically(pendingPath(folders, { sha, name }), JSON.stringify({ sha, name }));
}

/** Checks that the service has to look at. */
export function readPending(folders: RepoFolders): Promise<readonly PendingCheck[]> {
  return readAllJson(folders.pending, PendingCheck);
}

/** Take a check from those that the service has to look at. */
export async function clearPending(folders: RepoFolders, check: PendingCheck): Promise<void> {
  await rm(pendingPath(folders, check), { force: true });
}

/** Record the result that another system reports of a check; a repeat replaces it. */
export async function reportCheck(
  folders: RepoFolders,
  report: {
    readonly sha: string;
    readonly name: string;
    readonly conclusion: NonNullable<CheckRecord['conclusion']>;
    readonly log: string;
  },
): Promise<void> {
  const { sha, name, conclusion, log } = report;
  const at = new Date().toISOString();
  await writeCheckLog(folders, sha, name, Buffer.from(log));
  await writeCheck(folders, {
    name,
    sha,
    status: 'completed',
    conclusion,
    job: null,
    runner: null,
    queuedAt: at,
    completedAt: at,
    isolation: null,
  });
  await markPending(folders, { sha, name });
}

/** At most `max` bytes of a log: its head and its tail, with a line between that says what is missing. */
export function capLog(log: Uint8Array, max = MAX_LOG): Uint8Array {
  if (log.length <= max) {
    return log;
  }
  const note = Buffer.from(`\n... ${log.length - max} bytes and a little more are left out here ...\n`);
  const half = Math.floor((max - note.length) / 2);
  return Buffer.concat([log.subarray(0, half), note, log.subarray(log.length - half)]);
}

/** Keep a check's log; write it before the record says completed, so that whoever sees the result finds the log. */
export function writeCheckLog(folders: RepoFolders, sha: string, name: string, log: Uint8Array): Promise<void> {
  return writeAtomically(pathOf(folders, sha, name, 'log'), capLog(log));
}

async function readCapped(path: string): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(path);
    const file = await openFile(path, 'r');
    try {
      const buffer = Buffer.alloc(Math.min(size, MAX_LOG));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
}

function factsOf(record: CheckRecord, required: readonly string[]): CheckFacts {
  return {
    name: record.name,
    status: record.status,
    ...(record.status === 'completed' && record.conclusion !== null ? { conclusion: record.conclusion } : {}),
    required: required.includes(record.name),
  };
}

/** Checks of a revision, required ones that nobody started yet included as queued. Only the default branch requires any. */
export async function listChecks(
  { folders, settings }: OpenRepository,
  sha: string,
  branch = settings.defaultBranch,
): Promise<readonly CheckFacts[]> {
  const required = branch === settings.defaultBranch ? settings.requiredChecks : [];
  const facts = (await readChecks(folders, sha)).map((record) => factsOf(record, required));
  const known = new Set(facts.map((fact) => fact.name));
  const missing = required.filter((name) => !known.has(name)).map((name): CheckFacts => ({ name, status: 'queued', required: true }));
  return [...facts, ...missing].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function allSucceeded(folders: RepoFolders, sha: string, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    if ((await readCheck(folders, sha, name))?.conclusion !== 'success') {
      return false;
    }
  }
  return true;
}

/** The repository's own checks on the local forge. */
export function createChecks(stateDir: string): ForgeChecks {
  return {
    async list(repo, sha, branch) {
      return listChecks(await openRepository(stateDir, repo), sha, branch);
    },
    async log(repo, sha, check) {
      const { folders } = await openRepository(stateDir, repo);
      const record = await readCheck(folders, sha, check);
      return record?.status === 'completed' ? readCapped(pathOf(folders, sha, check, 'log')) : null;
    },
    async lastGreen(repo, sha, checks) {
      const { folders } = await openRepository(stateDir, repo);
      if (checks.length === 0) {
        return null;
      }
      for (const candidate of await listCommits(folders.gitDir, null, sha, LOOK_BACK)) {
        if (await allSucceeded(folders, candidate, checks)) {
          return candidate;
        }
      }
      return null;
    },
  };
}
