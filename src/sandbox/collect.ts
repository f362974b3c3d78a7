import type { Readable } from 'node:stream';
import type { FileChange } from '../domain/change-set.schema.ts';
import { matchesWhole } from '../domain/glob.ts';
import { RepoPath } from '../domain/names.schema.ts';
import { createContentHash } from '../lib/content-hash.ts';
import type { TarHeader } from '../lib/tar-header.ts';
import { readTar, type TarSink } from '../lib/tar-reader.ts';
import { parseIgnore, TOOL_FOLDERS } from './ignore.ts';
import type { Baseline } from './workspace-input.ts';

/** Sizes of what may come out, in bytes and counts (design limits: a change set is reviewed by people). */
export const COLLECT_LIMITS = {
  artifactBytes: 4 * 1024 ** 2,
  artifactsBytes: 8 * 1024 ** 2,
  changeBytes: 1024 ** 2,
  changesBytes: 8 * 1024 ** 2,
  changes: 200,
  refused: 200,
} as const;

/** What the host made of the files that a sandbox sent. */
export interface Collected {
  readonly artifacts: ReadonlyMap<string, Uint8Array>;
  readonly changes: readonly FileChange[];
  readonly refused: readonly string[];
}

/** What is wanted, beside what was there before. */
export interface CollectRequest {
  readonly artifacts: readonly string[];
  readonly changes: { readonly only: readonly string[] } | null;
  readonly baseline: Baseline;
  /** Total of what is read; beyond it the rest is refused. */
  readonly totalBytes: number;
}

/** Folder names that need not be sent at all, because the base holds nothing in any folder of that name. */
export function skippedFolders(baseline: Baseline): string[] {
  const used = new Set([...baseline.entries.keys()].flatMap((path) => path.split('/').slice(0, -1)));
  return TOOL_FOLDERS.filter((folder) => !used.has(folder));
}

/** Which paths may be changes: those asked for, else everything tracked plus new files that nobody ignores. */
function changeFilter(request: CollectRequest): (path: string) => boolean {
  const only = request.changes?.only ?? [];
  const { baseline } = request;
  const ignored = parseIgnore(baseline.ignore);
  const folders = new Set<string>();
  for (const path of baseline.entries.keys()) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      folders.add(parts.slice(0, depth).join('/'));
    }
  }
  return (path) => {
    if (only.length > 0) {
      return only.some((pattern) => matchesWhole(path, pattern) || path.startsWith(`${pattern.replace(/\/$/, '')}/`));
    }
    if (baseline.entries.has(path)) {
      return true;
    }
    if (baseline.layered.has(path)) {
      return false;
    }
    if (request.artifacts.includes(path)) {
      // A report that was asked for is handed back as one; it is not part of the work.
      return false;
    }
    const parts = path.split('/');
    const inToolFolder = parts
      .slice(0, -1)
      .some((part, index) => TOOL_FOLDERS.some((folder) => folder === part) && !folders.has(parts.slice(0, index + 1).join('/')));
    return !inToolFolder && !ignored(path);
  };
}

/** Takes content for its hash; the content itself comes back where it has no more bytes than are to be kept. */
function take(size: number, keep: number, taken: (sha256: string, bytes: Buffer | null) => void): TarSink {
  const content = createContentHash(size, keep);
  return {
    data: (bytes) => content.update(bytes),
    end() {
      const { sha256, bytes } = content.digest();
      taken(sha256, bytes);
    },
  };
}

/**
 * Reads what the collector inside sends. Everything in it is the job's word: names are matched against what was asked for, only
 * regular files count, sizes and counts are capped, nothing is written to the host's disk. A path that is left out is named in
 * `refused`. `complete` says whether the sender finished without error: only then does an absent file count as deleted.
 */
export async function collect(stream: Readable, request: CollectRequest, complete: () => Promise<boolean>): Promise<Collected> {
  const { baseline } = request;
  const wanted = new Set(request.artifacts);
  const mayChange = changeFilter(request);
  const artifacts = new Map<string, Uint8Array>();
  const changes: FileChange[] = [];
  const refused: string[] = [];
  const present = new Set<string>();
  let total = 0;
  let artifactBytes = 0;
  let changeBytes = 0;
  const refuse = (path: string, why: string): void => {
    if (refused.length < COLLECT_LIMITS.refused) {
      refused.push(`${JSON.stringify(path.slice(0, 300))}: ${why}`);
    }
  };
  const spend = (bytes: number): void => {
    total += bytes;
    if (total > request.totalBytes) {
      throw new TooMuch();
    }
  };

  const artifact = (name: string, { type, size }: TarHeader): TarSink | null => {
    if (!wanted.has(name) || artifacts.has(name)) return null;
    if (type !== 'file') {
      refuse(name, `the artifact is a ${type}, not a regular file`);
      return null;
    }
    if (size > COLLECT_LIMITS.artifactBytes || artifactBytes + size > COLLECT_LIMITS.artifactsBytes) {
      refuse(name, `the artifact of ${size} bytes is too large`);
      return null;
    }
    artifactBytes += size;
    return take(size, COLLECT_LIMITS.artifactBytes, (_sha256, bytes) => artifacts.set(name, Buffer.from(bytes ?? [])));
  };
  const change = (path: string, { type, size, mode, linkname }: TarHeader): TarSink | null => {
    if (present.has(path)) {
      refuse(path, 'is sent twice');
      return null;
    }
    const before = baseline.entries.get(path);
    const wantedHere = mayChange(path);
    // Only what is asked for later: names of files that count for nothing could fill the memory.
    if (before !== undefined || (wantedHere && changes.length < COLLECT_LIMITS.changes)) present.add(path);
    if (!wantedHere) return null;
    if (type === 'symlink') {
      if (before?.kind !== 'link' || before.target !== linkname) refuse(path, 'is a link now');
      return null;
    }
    if (type !== 'file') {
      refuse(path, `is a ${type}`);
      return null;
    }
    return take(size, COLLECT_LIMITS.changeBytes, (sha256, bytes) => {
      const executable = (mode & 0o100) !== 0;
      if (before?.kind === 'file' && before.sha256 === sha256 && before.executable === executable) return;
      if (!RepoPath.safeParse(path).success || path.includes('\uFFFD')) {
        refuse(path, 'has a name that a change set cannot carry');
      } else if ((mode & 0o7000) !== 0) {
        refuse(path, 'has setuid, setgid or sticky mode');
      } else if (bytes === null) {
        refuse(path, `is too large (${size} bytes, at most ${COLLECT_LIMITS.changeBytes})`);
      } else if (changes.length >= COLLECT_LIMITS.changes || changeBytes + size > COLLECT_LIMITS.changesBytes) {
        refuse(path, 'goes beyond the size of a change set');
      } else {
        changeBytes += size;
        changes.push({ op: 'write', path, mode: executable ? '100755' : '100644', content: bytes.toString('base64') });
      }
    });
  };

  let broken = false;
  try {
    await readTar(stream, (header) => {
      // By what it says of itself, before it is read: a file with holes is as long to read as it says.
      spend(512 + header.name.length + header.size);
      if (header.name.startsWith('workspace/')) return artifact(header.name.slice('workspace/'.length).replace(/\/$/, ''), header);
      return request.changes === null || header.type === 'directory' ? null : change(header.name.replace(/^\.\//, ''), header);
    });
  } catch (error) {
    broken = true;
    refuse(
      '.',
      error instanceof TooMuch
        ? `more than ${request.totalBytes} bytes were sent; the rest is left out`
        : 'what the sandbox sent is no proper tar',
    );
    stream.destroy();
  }
  if (request.changes !== null) {
    if (broken || !(await complete())) {
      refuse('.', 'the workspace could not be read completely, so deleted files are not known');
    } else {
      for (const path of baseline.entries.keys()) {
        if (!present.has(path) && mayChange(path)) {
          if (!RepoPath.safeParse(path).success) {
            refuse(path, 'was deleted but has a name that a change set cannot carry');
          } else if (changes.length >= COLLECT_LIMITS.changes) {
            refuse(path, 'goes beyond the size of a change set');
          } else {
            changes.push({ op: 'delete', path });
          }
        }
      }
    }
  }
  changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { artifacts, changes, refused: refused.sort() };
}

class TooMuch extends Error {}
