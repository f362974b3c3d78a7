import type { StepResult } from '../contract.ts';
import type { GuardCounts } from './resource-guard.ts';

/** Free blocks (of 4 KiB) below which a file system counts as full. */
const FULL_BLOCKS = 16;

/** Whether a status line of the supervisor says that a file system is full. */
export function isFull(line: string): boolean {
  const match = /^space((?: \d+)+)$/.exec(line);
  const numbers = match?.[1]?.trim().split(' ').map(Number) ?? [];
  // Pairs of free blocks and free inodes; a file system without an inode limit says 0 for the second, so that alone tells nothing.
  return numbers.some((value, index) => index % 2 === 0 && value < FULL_BLOCKS);
}

/** The limit that a red step ran into, by what the guard counted since it began; null when none tells. */
export function limitHit(earlier: GuardCounts, now: GuardCounts, disk: boolean): StepResult['killedBy'] {
  if (now.oomKills > earlier.oomKills) {
    return 'memory';
  }
  if (now.processRefusals > earlier.processRefusals) {
    return 'processes';
  }
  return disk ? 'disk' : null;
}
