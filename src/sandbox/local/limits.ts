import type { SandboxLimits } from '../contract.ts';

/** What runtimes reserve beside what they use: Node 24 does not start when it may have less than some 600 MiB. */
const RESERVED_BYTES = 1024 ** 3;

/** Processes that bubblewrap and the supervisor need beside those of the steps. */
export const OWN_PROCESSES = 8;

/**
 * Arguments of `prlimit` inside the sandbox. Set there, the process limit counts in the sandbox's own user namespace and not against
 * everything else that the service's user runs (Linux 5.14 and newer).
 *
 * The process limit stays above that of the control group when there is one, so that the group's counter tells which limit was hit.
 * Without a memory group, address space that one process may write to is limited instead; it stops what outruns the memory poll.
 */
export function rlimitArguments(limits: SandboxLimits, grouped: boolean): string[] {
  const processes = limits.processes + (grouped ? 4 * OWN_PROCESSES : OWN_PROCESSES);
  return [
    '--core=0',
    '--nofile=4096',
    `--nproc=${processes}`,
    `--fsize=${limits.fileBytes}`,
    ...(grouped ? [] : [`--data=${limits.memoryBytes + RESERVED_BYTES}`]),
  ];
}
