import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Failure } from '../domain/failure.ts';
import { openLog } from '../lib/log-file.ts';
import { WITH_PARENT } from '../lib/with-parent.ts';
import { COMPILE_CACHE } from './compile-cache.ts';
import { failureIn } from './end-failed.ts';

/** A root that runs as a child process. */
export interface Child {
  readonly pid: number;
  /** Its first line on stdout, parsed: it is ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  readonly ended: Promise<number | null>;
  stop(): Promise<void>;
}

/** End a process by its id: TERM, then KILL after a while; ended already is fine. */
export async function endProcess(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(late);
}

/** What went wrong, out of what a process said before it ended: the error, and not the places in the code that it passed. */
function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{') && !/^\s+at /.test(line));
  const error = lines.find((line) => /^(Uncaught )?\w*(Error|Exception|Failure)\b.*: /.test(line));
  return (error ?? lines.slice(-3).join(' ')).slice(0, 800) || 'it said nothing';
}

/** Start one of our roots with this Node and wait until it says that it is ready. Throws the `Failure` that it ended with, or one with its last words. */
export async function startChild(options: {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly name: string;
}): Promise<Child> {
  const log = openLog(options.logFile);
  const child = spawn(process.execPath, [options.script, ...(options.args ?? []), WITH_PARENT], {
    // The pipe that is never written to: its end tells the child that we are gone.
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C at a terminal reaches everybody in the group; who is asked to stop, and in which order, is for us to say.
    detached: true,
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env },
  });
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
    try {
      writeSync(log, chunk);
    } catch {
      // A full disk costs lines of the log, not the process.
    }
  });
  child.stderr?.once('close', () => closeSync(log));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const first = await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended.then(() => null)]);
  if (first === null || child.pid === undefined) {
    throw new Failure('tool-missing', `${options.name} ended while starting: ${lastWords(said)}; its log is ${options.logFile}`);
  }
  const ready = JSON.parse(first) as Record<string, unknown>;
  const failed = failureIn(ready);
  if (failed !== null) {
    await ended;
    throw failed;
  }
  return { pid: child.pid, ready, ended, stop: () => endProcess(child, 20_000) };
}
