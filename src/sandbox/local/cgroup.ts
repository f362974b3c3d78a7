import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxLimits } from '../contract.ts';
import { OWN_PROCESSES } from './limits.ts';
import type { ResourceGuard } from './resource-guard.ts';

/** Folders under which control groups of jobs can be made. */
export interface CgroupBase {
  readonly version: 1 | 2;
  readonly memory: string;
  readonly pids: string;
}

/** Mount points and own groups, as the kernel tells them. */
export interface CgroupView {
  readonly mounts: string;
  readonly own: string;
}

const read = (path: string): string => readFileSync(path, 'utf8');

/** Reads the view of this process. */
export function cgroupView(): CgroupView {
  return { mounts: read('/proc/self/mounts'), own: read('/proc/self/cgroup') };
}

function tryGroup(folder: string, marker: string): boolean {
  const path = join(folder, `${marker}.probe`);
  try {
    mkdirSync(path);
  } catch {
    return false;
  }
  try {
    rmdirSync(path);
  } catch {
    return false;
  }
  return true;
}

/** The nearest place where groups with a memory and a process limit can be made; null when there is none. */
export function findCgroupBase(view: CgroupView, marker: string): CgroupBase | null {
  const mounts = view.mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === 'cgroup' || fields[2] === 'cgroup2')
    .map(([, point = '', type = '', options = '']) => ({ point, type, options: options.split(',') }));
  const groups = view.own.split('\n').flatMap((line) => {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    return match === null ? [] : [{ controllers: (match[1] ?? '').split(','), path: match[2] ?? '/' }];
  });

  const unified = mounts.find((mount) => mount.type === 'cgroup2');
  const ownUnified = groups.find((group) => group.controllers.join('') === '');
  if (unified !== undefined && ownUnified !== undefined) {
    const top = unified.point;
    for (let folder = join(top, ownUnified.path); folder.startsWith(top); folder = dirname(folder)) {
      const control = join(folder, 'cgroup.subtree_control');
      const handed = existsSync(control) ? read(control).split(/\s+/) : [];
      if (handed.includes('memory') && handed.includes('pids') && tryGroup(folder, marker)) {
        return { version: 2, memory: folder, pids: folder };
      }
      if (folder === top) {
        break;
      }
    }
  }

  const v1 = (controller: string): string | null => {
    const mount = mounts.find((entry) => entry.type === 'cgroup' && entry.options.includes(controller));
    const own = groups.find((group) => group.controllers.includes(controller));
    if (mount === undefined || own === undefined) {
      return null;
    }
    const nested = join(mount.point, own.path);
    const folder = existsSync(nested) ? nested : mount.point;
    return tryGroup(folder, marker) ? folder : null;
  };
  const memory = v1('memory');
  const pids = v1('pids');
  return memory !== null && pids !== null ? { version: 1, memory, pids } : null;
}

function counter(path: string, key: string): number {
  try {
    const line = read(path)
      .split('\n')
      .find((text) => text.startsWith(`${key} `));
    return line === undefined ? 0 : Number(line.slice(key.length + 1));
  } catch {
    return 0;
  }
}

function members(folder: string): number[] {
  try {
    return read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Kills what is in a group, waits for it to be empty and removes it; true when it is gone. */
export async function removeGroup(folder: string): Promise<boolean> {
  for (let turn = 0; turn < 200; turn += 1) {
    for (const pid of members(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Ended between reading and signalling.
      }
    }
    try {
      rmdirSync(folder);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return true;
      }
    }
    await delay(turn < 20 ? 2 : 20);
  }
  return false;
}

/** A control group for one job: the kernel itself keeps to memory and process limits. */
export function createCgroupGuard(base: CgroupBase, name: string, limits: SandboxLimits): ResourceGuard {
  const memory = join(base.memory, name);
  const pids = join(base.pids, name);
  const folders = [...new Set([memory, pids])];
  for (const folder of folders) {
    mkdirSync(folder);
  }
  const processes = String(limits.processes + OWN_PROCESSES);
  const optional = (file: string, value: string): void => {
    if (existsSync(join(memory, file))) {
      writeFileSync(join(memory, file), value);
    }
  };
  writeFileSync(join(pids, 'pids.max'), processes);
  if (base.version === 2) {
    writeFileSync(join(memory, 'memory.max'), String(limits.memoryBytes));
    optional('memory.swap.max', '0');
    optional('memory.oom.group', '1');
  } else {
    writeFileSync(join(memory, 'memory.limit_in_bytes'), String(limits.memoryBytes));
    optional('memory.memsw.limit_in_bytes', String(limits.memoryBytes));
    optional('memory.swappiness', '0');
  }
  return {
    adopt(pid) {
      for (const folder of folders) {
        writeFileSync(join(folder, 'cgroup.procs'), String(pid));
      }
    },
    counts: () => ({
      oomKills: counter(join(memory, base.version === 2 ? 'memory.events' : 'memory.oom_control'), 'oom_kill'),
      processRefusals: counter(join(pids, 'pids.events'), 'max'),
    }),
    peakMemoryBytes() {
      try {
        const value = Number(read(join(memory, base.version === 2 ? 'memory.peak' : 'memory.max_usage_in_bytes')).trim());
        return Number.isFinite(value) ? value : null;
      } catch {
        return null;
      }
    },
    async end() {
      for (const folder of folders) {
        await removeGroup(folder);
      }
    },
  };
}
