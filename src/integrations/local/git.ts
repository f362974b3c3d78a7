import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { diskFull, inState, type Place, saysDiskFull } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import { hasCode } from '../../lib/error-code.ts';
import { freeBytes, fullest } from '../../lib/free-space.ts';

/** What one git command said. */
export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** How to run one git command. */
export interface GitOptions {
  readonly stdin?: string | Uint8Array;
  /** Further environment: index file, identity, dates. */
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes besides 0 that are answers and not failures. */
  readonly accept?: readonly number[];
  /** Where the command writes besides the repository: it may be that disk which is full. */
  readonly writes?: Place;
  /** Largest output in bytes; default 64 MiB. */
  readonly maxBytes?: number;
}

const TIMEOUT_MS = 300_000;

/** Settings over those of any file: no hooks, no helpers, no transport but local files. */
const SAFE = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.alternateRefsCommand=true',
  'core.logAllRefUpdates=always',
  'core.quotePath=true',
  'safe.bareRepository=all',
  'protocol.allow=never',
  'protocol.file.allow=always',
  'protocol.ext.allow=never',
  'commit.gpgSign=false',
  'gc.auto=0',
  'maintenance.auto=false',
];

const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  TZ: 'UTC',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_OPTIONAL_LOCKS: '0',
};

/** Programs that serve the other end of a local fetch or push, so that the other repository's hooks and helpers stay off there too. */
export const UPLOAD_PACK = `git ${SAFE.map((setting) => `-c ${setting}`).join(' ')} upload-pack`;
/** See `UPLOAD_PACK`; a branch that is checked out there is never touched. */
export const RECEIVE_PACK = `git ${SAFE.map((setting) => `-c ${setting}`).join(' ')} -c receive.autogc=false -c receive.denyCurrentBranch=refuse -c receive.denyNonFastForwards=true receive-pack`;

function argumentsFor(gitDir: string, args: readonly string[]): string[] {
  return [...SAFE.flatMap((setting) => ['-c', setting]), `--git-dir=${gitDir}`, ...args];
}

/** Room that git itself needs to say why it failed is no room at all, in bytes. */
const NO_ROOM = 4096;

/** The place that was full when a command failed; null when it failed for another reason. git keeps to itself why it could not write an index. */
function fullPlace(gitDir: string, writes: Place | undefined, stderr: string): Place | null {
  const repository: Place = inState(gitDir);
  const place = writes === undefined ? repository : fullest(repository, writes);
  const full = saysDiskFull(stderr) || (/unable to (write|create)/i.test(stderr) && (freeBytes(place.folder) ?? NO_ROOM) < NO_ROOM);
  return full ? place : null;
}

function failureOf(args: readonly string[], stderr: string, full: Place | null, cause: unknown): Failure {
  const line = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  if (full !== null) {
    return diskFull(full, cause);
  }
  if (/dubious ownership/.test(stderr)) {
    return new Failure('configuration-invalid', 'the repository belongs to another user: run Suture as the user who owns it', { cause });
  }
  if (/not a git repository|does not appear to be a git repository/.test(stderr)) {
    return new Failure('repository-gone', 'there is no git repository there: check the folder', { cause });
  }
  if (/bad object|unknown revision|not a valid object|bad revision|Not a valid (commit|object)|could not get object info/i.test(stderr)) {
    return new Failure('revision-gone', `git ${args[0] ?? ''}: ${line}`, { cause });
  }
  return new Failure('forge-unavailable', `git ${args[0] ?? ''} failed: ${line === '' ? 'no message' : line}`, { cause });
}

/** Run git on a bare repository that only this product writes. Throws `Failure` when git fails with a code that is not accepted. */
export function git(gitDir: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      argumentsFor(gitDir, args),
      {
        cwd: '/',
        env: { ...ENVIRONMENT, ...options.env },
        encoding: 'buffer',
        maxBuffer: options.maxBytes ?? 64 * 1024 ** 2,
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        shell: false,
      },
      (error, stdout, stderr) => {
        const message = stderr.toString('utf8');
        const code = error === null ? 0 : error.code;
        if (code === 0 || (typeof code === 'number' && options.accept?.includes(code) === true)) {
          resolve({ code, stdout, stderr: message });
        } else if (hasCode(error, 'ENOENT')) {
          reject(new Failure('tool-missing', 'git is not installed: install git 2.38 or newer', { cause: error }));
        } else if (hasCode(error, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')) {
          reject(new Failure('too-large', `git ${args[0] ?? ''} gave more output than is accepted`, { cause: error }));
        } else {
          reject(failureOf(args, message, fullPlace(gitDir, options.writes, message), error));
        }
      },
    );
    // A command may end before it has read everything; its exit code says what happened.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin ?? '');
  });
}

/** Output of a command as text without the final line feed. */
export async function gitText(gitDir: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  return (await git(gitDir, args, options)).stdout.toString('utf8').replace(/\n$/, '');
}

/** Start a git command that is talked to while it runs; the caller ends it. */
export function gitProcess(gitDir: string, args: readonly string[]): ChildProcessByStdio<Writable, Readable, null> {
  return spawn('git', argumentsFor(gitDir, args), { cwd: '/', env: { ...ENVIRONMENT }, stdio: ['pipe', 'pipe', 'ignore'], shell: false });
}

/** Throws `Failure` code `revision-gone` unless the text is a full commit id. */
export function assertSha(sha: string): void {
  if (!/^[0-9a-f]{40}$/.test(sha)) {
    throw new Failure('revision-gone', 'a full 40-digit commit id is needed');
  }
}
