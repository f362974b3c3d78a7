import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, open as openFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { identify, isRunning, type ProcessIdentity } from '../../lib/process-identity.ts';
import { sha256 } from './paths.ts';

/** Variable by which processes that a crash left behind are recognised. */
const MARK = 'SUTURE_DEPLOYMENT';

const TERM_MS = 3_000;

/** User that production runs as when the forge itself runs as root and the release can be reached by others. */
const SERVICE_UID = 210_001;

/** How a release is started. */
export interface StartInput {
  readonly argv: readonly string[];
  readonly folder: string;
  readonly port: number;
  readonly logFile: string;
  readonly stateDir: string;
  readonly deployment: string;
}

async function othersCanReach(path: string): Promise<boolean> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0) {
      return false;
    }
    if (at === dirname(at)) {
      return true;
    }
  }
}

/** Drops to a user of its own where that works: as root, with a release and a program that this user can reach. */
async function userFor(folder: string, program: string): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) {
    return {};
  }
  const reachable = (await othersCanReach(folder)) && (!program.startsWith('/') || (await othersCanReach(program)));
  return reachable ? { uid: SERVICE_UID, gid: SERVICE_UID } : {};
}

function markOf(stateDir: string): string {
  return sha256(resolve(stateDir)).slice(0, 16);
}

async function spawned(child: ChildProcess): Promise<void> {
  await Promise.race([
    once(child, 'spawn'),
    once(child, 'error').then(([error]) => {
      throw new Failure('tool-missing', `the service does not start: ${error instanceof Error ? error.message : 'unknown'}`);
    }),
  ]);
}

/** Start a release as a process group of its own: no input, output to its log, an environment of our choosing. */
export async function startProcess(input: StartInput): Promise<ProcessIdentity> {
  const [first = '', ...args] = input.argv;
  const program = first === 'node' ? process.execPath : first;
  await mkdir(dirname(input.logFile), { recursive: true });
  const user = await userFor(input.folder, program);
  const log = openSync(input.logFile, 'w', 0o644);
  try {
    const child = spawn(program, args, {
      cwd: input.folder,
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        PORT: String(input.port),
        HOST: '127.0.0.1',
        [MARK]: `${markOf(input.stateDir)}/${input.deployment}`,
      },
      stdio: ['ignore', log, log],
      detached: true,
      shell: false,
      ...user,
    });
    await spawned(child);
    child.on('error', () => undefined);
    child.unref();
    const pid = child.pid ?? 0;
    return identify(pid) ?? { pid, started: 'gone' };
  } finally {
    closeSync(log);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

/** End a process and its group: asked first, then killed. Gone already is fine. */
export async function endProcess(identity: ProcessIdentity): Promise<void> {
  if (!isRunning(identity)) {
    return;
  }
  signalGroup(identity.pid, 'SIGTERM');
  for (let waited = 0; waited < TERM_MS && isRunning(identity); waited += 20) {
    await pause(20);
  }
  signalGroup(identity.pid, 'SIGKILL');
  for (let waited = 0; waited < TERM_MS && isRunning(identity); waited += 20) {
    await pause(20);
  }
}

/** Processes of this state folder's deployments that no record knows: what a crash between start and record left. */
export function strayProcesses(stateDir: string, known: ReadonlySet<number>): readonly ProcessIdentity[] {
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  const mark = `${MARK}=${markOf(stateDir)}/`;
  return pids.flatMap((name) => {
    try {
      const group = Number(
        readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[2],
      );
      const marked = readFileSync(`/proc/${name}/environ`, 'utf8')
        .split('\0')
        .some((entry) => entry.startsWith(mark));
      const identity = marked && group === Number(name) && !known.has(Number(name)) ? identify(Number(name)) : null;
      return identity === null ? [] : [identity];
    } catch {
      return [];
    }
  });
}

/** The last part of a log, for the reason of a failure. */
export async function tailOf(file: string, bytes = 300): Promise<string> {
  try {
    const handle = await openFile(file, 'r');
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.min(size, bytes));
      await handle.read(buffer, 0, buffer.length, Math.max(0, size - bytes));
      return buffer
        .toString('utf8')
        .replace(/[\p{Cc}\s]+/gu, ' ')
        .trim();
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
