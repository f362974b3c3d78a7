import { DENIED } from '../syscalls.ts';
import { ALLOWED_CALLS } from './syscall-names.ts';

const EPERM = 1;
const ENOSYS = 38;
/** Every `CLONE_NEW*` flag that `clone` takes: mount, cgroup, uts, ipc, user, pid, net. */
const NAMESPACE_FLAGS = 0x7e020000;
/** AF_UNIX, AF_INET, AF_INET6; of AF_NETLINK only the route protocol. */
const FAMILIES = [1, 2, 10] as const;
const NETLINK = 16;

type Compare = 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
const arg = (index: number, value: number, op: Compare = 'SCMP_CMP_EQ', valueTwo = 0) => ({ index, value, valueTwo, op });
const allow = (names: readonly string[], args: ReadonlyArray<ReturnType<typeof arg>> = []) => ({ names, action: 'SCMP_ACT_ALLOW', args });
const refuse = (names: readonly string[], errnoRet: number) => ({ names, action: 'SCMP_ACT_ERRNO', errnoRet, args: [] });

/**
 * The filter of every job in a container, in the form of the OCI runtime specification: an allow list by name, so that a call that
 * nobody vetted is refused. Engines before 23 know no answer for those but EPERM.
 */
export function seccompProfile(): object {
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    archMap: [
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] },
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
    ],
    syscalls: [
      allow(ALLOWED_CALLS),
      refuse(Object.keys(DENIED), EPERM),
      refuse(['clone3'], ENOSYS),
      allow(['clone'], [arg(0, NAMESPACE_FLAGS, 'SCMP_CMP_MASKED_EQ', 0)]),
      ...FAMILIES.map((family) => allow(['socket'], [arg(0, family)])),
      allow(['socket'], [arg(0, NETLINK), arg(2, 0)]),
      // No terminal is ever attached, so there is nothing to type into.
      allow(['ioctl']),
      ...[0, 0xffffffff].map((persona) => allow(['personality'], [arg(0, persona)])),
    ],
  };
}
