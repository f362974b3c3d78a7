import { tmpdir } from 'node:os';
import { z } from 'zod';
import { stateFolder } from '../config/index.ts';
import { diskFull, inState, isDiskFull, type Place } from '../domain/disk-full.ts';
import { FAILURES, Failure, type FailureCode } from '../domain/failure.ts';
import { fullest } from '../lib/free-space.ts';
import { EXIT_CODES } from './exit-codes.ts';

const Failed = z.object({
  failed: z.object({
    code: z.custom<FailureCode>((code) => typeof code === 'string' && Object.hasOwn(FAILURES, code)),
    message: z.string(),
  }),
});

/** What a process could not do, with a code where a full disk is behind it; what has none stays as it was thrown. */
export function named(error: unknown): unknown {
  if (error instanceof Failure || !isDiskFull(error)) return error;
  const state: Place = inState(stateFolder(process.env));
  return diskFull(fullest(state, { folder: tmpdir(), setting: 'TMPDIR' }), error);
}

/** Ends a root that cannot go on: says why on stderr, and hands a failure to the process that waits for the first line. Exit 6 where a person can mend it, else 1. */
export function endFailed(thrown: unknown): never {
  const error = named(thrown);
  if (error instanceof Failure) {
    process.stdout.write(`${JSON.stringify({ failed: { code: error.code, message: error.message } } satisfies z.infer<typeof Failed>)}\n`);
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CODES.environment.code);
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(EXIT_CODES.bug.code);
}

/** The failure that a root handed over in its first line; null when it is ready. */
export function failureIn(line: unknown): Failure | null {
  const read = Failed.safeParse(line);
  return read.success ? new Failure(read.data.failed.code, read.data.failed.message) : null;
}
