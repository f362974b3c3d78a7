import { readFileSync } from 'node:fs';
import { descendants } from './memory-poll.ts';

function signal(pid: number, name: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself.
  }
}

/**
 * Ends bubblewrap with everything that it started. Ending bubblewrap alone is not enough: until the sandbox is set up, its first process
 * does not end with it, and would go on with nobody left to end it. The pid must be that of a child which nobody has waited for yet.
 */
export function endTree(pid: number): void {
  // Stopped, it starts nothing between the look and its end.
  signal(pid, 'SIGSTOP');
  for (const each of descendants(pid)) signal(each, 'SIGKILL');
}

/** Ends the first process of a sandbox whose bubblewrap is gone, if that is what still has the pid. */
export function endOrphan(pid: number): void {
  try {
    if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'bwrap') signal(pid, 'SIGKILL');
  } catch {
    // It is gone, as it should be.
  }
}
