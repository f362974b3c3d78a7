import { ALLOWED_CALLS } from './syscall-names.ts';
import { DENIED } from './syscalls.ts';

const EPERM = 1;
const ENOSYS = 38;
/** Every `CLONE_NEW*` flag that `clone` takes: mount, cgroup, uts, ipc, user, pid, net. */
const NAMESPACE_FLAGS = 0x7e020000;
/** AF_UNIX, AF_INET, AF_INET6; of AF_NETLINK only the route protocol. */
const FAMILIES = [1, 2, 10] as const;
const NETLINK = 16;

/** TIOCSTI and TIOCLINUX type into a terminal. */
const TYPING = [0x5412, 0x541c] as const;
const REQUEST_BITS = 32;

/**
 * All requests to a device but those two, as masks and values of which one must fit. The kernel looks at the low 32 bits alone, so a comparison
 * of all 64 could be dodged (CVE-2019-10063), and this form of a filter knows no "unequal under a mask": what differs from both in a bit
 * that they share is another request, and so is what has any other pattern in the bits that they do not share.
 */
function harmlessRequests(): ReadonlyArray<readonly [mask: number, value: number]> {
  const [one, other] = TYPING;
  const bits = Array.from({ length: REQUEST_BITS }, (_, at) => 2 ** at);
  const has = (request: number, bit: number): boolean => Math.floor(request / bit) % 2 === 1;
  const shared = bits.filter((bit) => has(one, bit) === has(other, bit));
  const apart = bits.filter((bit) => !shared.includes(bit));
  const mask = apart.reduce((sum, bit) => sum + bit, 0);
  const patterns = Array.from({ length: 2 ** apart.length }, (_, number) =>
    apart.reduce((sum, bit, at) => sum + (has(number, 2 ** at) ? bit : 0), 0),
  );
  const low = (request: number): number => apart.reduce((sum, bit) => sum + (has(request, bit) ? bit : 0), 0);
  return [
    ...shared.map((bit) => [bit, has(one, bit) ? 0 : bit] as const),
    ...patterns.filter((pattern) => pattern !== low(one) && pattern !== low(other)).map((pattern) => [mask, pattern] as const),
  ];
}

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
      ...harmlessRequests().map(([mask, value]) => allow(['ioctl'], [arg(1, mask, 'SCMP_CMP_MASKED_EQ', value)])),
      ...[0, 0xffffffff].map((persona) => allow(['personality'], [arg(0, persona)])),
    ],
  };
}
