import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of ours there is on this machine at one moment. */
export interface Traces {
  /** Processes below this one, and any whose command line carries the token. */
  readonly processes: readonly string[];
  readonly mounts: readonly string[];
  readonly groups: readonly string[];
  /** Files and folders of sandboxes and scratch work in the state folder. */
  readonly scratch: readonly string[];
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Gone meanwhile.
    return '';
  }
}

function processes(token: string): string[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const stat = text(`/proc/${name}/stat`);
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { pid: Number(name), parent: Number(fields[1]), command: text(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim() };
    });
  const ours = new Set([process.pid]);
  for (let size = 0; size !== ours.size; ) {
    size = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  return all
    .filter(({ pid, command }) => pid !== process.pid && (ours.has(pid) || command.includes(token)))
    .map(({ pid, command }) => `${pid} ${command}`);
}

function below(folder: string, wanted: (name: string) => boolean, depth: number): string[] {
  let entries: { name: string; isDirectory(): boolean }[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return [...(wanted(entry.name) ? [path] : []), ...(entry.isDirectory() && depth > 0 ? below(path, wanted, depth - 1) : [])];
  });
}

/** Looks now; `token` stands on the command line of everything that the tests start in a sandbox. */
export function traces(stateDir: string, token: string): Traces {
  return {
    processes: processes(token),
    mounts: text('/proc/self/mountinfo').split('\n').filter(Boolean).sort(),
    groups: below('/sys/fs/cgroup', (name) => name.startsWith(`suture-sandbox.${process.pid}.`), 8),
    scratch: [
      ...below(join(stateDir, 'sandbox'), () => true, 4),
      ...below(stateDir, (name) => /^\.tmp-|^\.draft|\.new$|scratch|^index\.lock$/.test(name), 6),
    ],
  };
}
