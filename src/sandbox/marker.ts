import { readFileSync } from 'node:fs';

const PREFIX = 'suture-sandbox';

/** Start time of a process in clock ticks since boot; null when it is gone. Tells a process from a later one with the same pid. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** Name for something that belongs to this very process, with its owner written in it. */
export function ownMarker(): string {
  return `${PREFIX}.${process.pid}.${startTime(process.pid) ?? '0'}`;
}

/** Whether a name is a marker whose owner is gone. */
export function isOrphan(name: string): boolean {
  const match = /^suture-sandbox\.(\d+)\.(\d+)(?:\.[a-z0-9]+)?$/.exec(name);
  return match !== null && startTime(Number(match[1])) !== match[2];
}
