import { execFileSync } from 'node:child_process';
import { Failure } from '../domain/failure.ts';

/** A key store answers in seconds, or something is wrong with it. */
const LIMIT_MS = 15_000;

/** What a command of the operator's prints, for keys that live in a key store. Throws `configuration-invalid` naming the variable, never what was printed. */
export function secretFromCommand(variable: string, command: string): string {
  try {
    return execFileSync('/bin/sh', ['-c', command], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024,
    }).trim();
  } catch (error) {
    const { status, code } = error as { readonly status?: number | null; readonly code?: string };
    const why = code === 'ETIMEDOUT' ? `did not end within ${LIMIT_MS / 1000} s` : `failed with exit code ${status ?? 'none'}`;
    throw new Failure('configuration-invalid', `the command of ${variable} ${why}; run it by hand to see why`);
  }
}
