import { isRunning, ownIdentity, type ProcessIdentity } from '../../lib/process-identity.ts';

/**
 * Whether nobody else works on what a record says is running. This process counts as nobody: it knows by heart what it runs, and a record that
 * still says so could not be written when the work ended, as on a full disk.
 */
export function isAbandoned(runner: ProcessIdentity | null): boolean {
  if (runner === null || !isRunning(runner)) {
    return true;
  }
  const own = ownIdentity();
  return runner.pid === own.pid && runner.started === own.started;
}
