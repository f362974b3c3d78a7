import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxLimits } from '../contract.ts';
import { OWN_PROCESSES } from './limits.ts';
import type { GuardAlarm, ResourceGuard } from './resource-guard.ts';

const EVERY_MS = 100;
const PAGE_BYTES = 4096;

function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
}

/** A process and everything below it; orphans hang below the sandbox's first process, which is below ours. */
export function descendants(root: number): number[] {
  const found: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    found.push(pid);
    open.push(...childrenOf(pid));
  }
  return found;
}

function ownMemory(pid: number): number {
  try {
    const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
    return (resident - shared) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** Where no control group can be made: per-process limits hold at once, the sum of all processes is looked at ten times a second. */
export function createPollGuard(limits: SandboxLimits, alarm: GuardAlarm): ResourceGuard {
  let root: number | null = null;
  let peak = 0;
  let most = 0;
  let alarms = 0;
  const look = (): void => {
    if (root === null) {
      return;
    }
    const pids = descendants(root);
    const used = pids.reduce((sum, pid) => sum + ownMemory(pid), 0);
    most = Math.max(most, pids.length);
    peak = Math.max(peak, used);
    if (used > limits.memoryBytes && alarms === 0) {
      alarms += 1;
      alarm.onMemory();
    }
  };
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return {
    adopt(pid) {
      root = pid;
    },
    counts() {
      look();
      return { oomKills: alarms, processRefusals: most >= limits.processes + OWN_PROCESSES - 2 ? 1 : 0 };
    },
    peakMemoryBytes: () => (peak > 0 ? peak : null),
    async end() {
      clearInterval(timer);
      for (let turn = 0; root !== null && turn < 100 && descendants(root).some((pid) => pid !== root); turn += 1) {
        await delay(10);
      }
    },
  };
}
