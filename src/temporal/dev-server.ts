import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { diskFull, inState, saysDiskFull } from '../domain/disk-full.ts';
import { Failure } from '../domain/failure.ts';
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts';
import { freePort, portTaken } from '../lib/free-port.ts';
import { freeBytes } from '../lib/free-space.ts';
import { openLog } from '../lib/log-file.ts';

/** A running dev server. */
export interface DevServer {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Resolves when the process ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** TERM, then KILL after 5 s; ended already is fine. */
  stop(): Promise<void>;
}

/** How the dev server is started. */
export interface DevServerOptions {
  readonly executable: string;
  /** SQLite file; absent: in memory. */
  readonly dbFile?: string;
  /** How often the file is written through to the disk; absent: at every commit. `normal` survives a crash of the server and not of the machine. */
  readonly synchronous?: 'normal';
  /** How often a second it looks for timers that are due, at most; absent: the server's own default, 20. */
  readonly timerLooks?: number;
  /** 0 picks a free port. */
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  readonly logFile: string;
  readonly headless?: boolean;
}

const START_LIMIT_MS = 60_000;

/**
 * How often a second the server looks for the next step of its workflows. Its own default of 20 is for one shard of many; with the one shard
 * of a dev server it makes every activity wait up to 100 ms.
 */
const STEPS_PER_SECOND = 200;

/** How late timers and time-outs may come. The server's own default is one second, against clocks of many machines that differ. */
const TIMERS_LATE = '50ms';
/** Timers that it takes up in one look; its own default is 100. Each look reads all that were due and are not done, so once it is behind, it falls behind faster (docs/performance.md). */
const TIMERS_AT_ONCE = 2_000;

/** Ports picked by ourselves may be taken before the server binds them; then others are picked. */
const STARTS = 3;

async function isHealthy(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 1000 });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

async function choosePort(wanted: number, what: string, setting: string): Promise<number> {
  if (wanted === 0) return freePort();
  if (await portTaken(wanted)) {
    throw new Failure(
      'configuration-invalid',
      `port ${wanted} for ${what} is taken; stop what listens there, or set ${setting} (0 picks a free one)`,
    );
  }
  return wanted;
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(late);
}

/** What the server said last, for a message. */
async function lastWords(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return [...new Set(text.trim().split('\n').slice(-3))].join(' ').slice(-600) || 'it said nothing';
}

/** Too little for the database of a server that has stored nothing yet, in bytes. */
const NO_ROOM = 128 * 1024;

/** Throws `Failure` code `disk-full` when that is why the server did not start: on a full disk its log may say nothing at all. */
async function assertRoom({ dbFile, logFile }: DevServerOptions): Promise<void> {
  const folder = dirname(dbFile ?? logFile);
  if (saysDiskFull(await lastWords(logFile)) || (freeBytes(folder) ?? NO_ROOM) < NO_ROOM) {
    throw diskFull(inState(folder));
  }
}

/** Start Temporal's dev server on loopback, with fairness on and our search attributes, and wait until it answers. Throws `Failure`. */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  for (let start = 1; ; start += 1) {
    const server = await startOnce(options);
    if (server !== null) return server;
    await assertRoom(options);
    if (start < STARTS && (options.port === 0 || options.uiPort === 0)) continue;
    throw new Failure(
      'tool-missing',
      `the Temporal server ended while starting: ${await lastWords(options.logFile)}; its log is ${options.logFile}`,
    );
  }
}

/** Where util-linux is installed. */
const SETPRIV = '/usr/bin/setpriv';

/** A command that the kernel ends when we are gone, however we went: a server left behind keeps its ports and its file from the next one. */
function endingWithUs(executable: string): readonly [string, ...string[]] {
  try {
    accessSync(SETPRIV, constants.X_OK);
  } catch {
    // Not on this system; the server then outlives a kill -9 of ours.
    return [executable];
  }
  return [SETPRIV, '--pdeathsig', 'TERM', '--', executable];
}

/** Null: the process ended before it answered. */
async function startOnce(options: DevServerOptions): Promise<DevServer | null> {
  const port = await choosePort(options.port, 'the Temporal server', 'SUTURE_TEMPORAL_PORT');
  const uiPort = options.headless === true ? 0 : await choosePort(options.uiPort, 'the Temporal Web UI', 'SUTURE_TEMPORAL_UI_PORT');
  await mkdir(dirname(options.logFile), { recursive: true });
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--namespace',
    options.namespace,
    '--log-level',
    'warn',
  ];
  args.push(...(options.headless === true ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)]));
  args.push('--dynamic-config-value', 'matching.enableFairness=true');
  args.push('--dynamic-config-value', `history.transferProcessorMaxPollRPS=${STEPS_PER_SECOND}`);
  args.push('--dynamic-config-value', `history.timerProcessorMaxTimeShift="${TIMERS_LATE}"`);
  args.push('--dynamic-config-value', `history.timerTaskBatchSize=${TIMERS_AT_ONCE}`);
  if (options.timerLooks !== undefined) args.push('--dynamic-config-value', `history.timerProcessorMaxPollRPS=${options.timerLooks}`);
  if (options.dbFile !== undefined) {
    await mkdir(dirname(options.dbFile), { recursive: true });
    args.push('--db-filename', options.dbFile);
    if (options.synchronous !== undefined)
      args.push('--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', `synchronous=${options.synchronous}`);
  }
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) args.push('--search-attribute', `${name}=${type}`);
  const log = openLog(options.logFile);
  const [program, ...words] = endingWithUs(options.executable);
  const child = spawn(program, [...words, ...args], {
    stdio: ['ignore', log, log],
    // Ctrl-C at a terminal is for us: who uses the server ends first.
    detached: true,
    env: { PATH: '/usr/bin:/bin', HOME: dirname(options.logFile) },
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const address = `127.0.0.1:${port}`;
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isHealthy(address))) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return null;
    if (Date.now() > deadline) {
      await stopProcess(child);
      await assertRoom(options);
      throw new Failure(
        'tool-missing',
        `the Temporal server did not answer within ${START_LIMIT_MS / 1000} s: ${await lastWords(options.logFile)}; its log is ${options.logFile}`,
      );
    }
    await delay(50);
  }
  return { address, uiUrl: `http://127.0.0.1:${uiPort}`, pid: child.pid as number, ended, stop: () => stopProcess(child) };
}
