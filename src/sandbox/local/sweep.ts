import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isOrphan } from '../marker.ts';
import { type CgroupView, cgroupView, removeGroup } from './cgroup.ts';

/** Groups are made next to the service's own, which is never deep. */
const MAX_DEPTH = 8;

function orphans(folder: string, depth: number): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    return isOrphan(name) ? [path] : depth < MAX_DEPTH ? orphans(path, depth + 1) : [];
  });
}

function cgroupMounts(view: CgroupView): string[] {
  return view.mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === 'cgroup2' || (fields[2] === 'cgroup' && /(?:^|,)(?:memory|pids)(?:,|$)/.test(fields[3] ?? '')))
    .map((fields) => fields[1] ?? '');
}

/** Removes control groups (with what still runs in them) and half-made files of services that are gone; returns how many. */
export async function sweepLeftovers(folder: string): Promise<number> {
  let count = 0;
  let view: CgroupView | null = null;
  try {
    view = cgroupView();
  } catch {
    // No /proc: then there are no groups of ours either.
  }
  for (const path of (view === null ? [] : cgroupMounts(view)).flatMap((mount) => orphans(mount, 0))) {
    count += (await removeGroup(path)) ? 1 : 0;
  }
  let files: string[] = [];
  try {
    files = readdirSync(folder);
  } catch {
    // Never used yet.
  }
  for (const name of files.filter(isOrphan)) {
    rmSync(join(folder, name), { force: true });
    count += 1;
  }
  return count;
}
