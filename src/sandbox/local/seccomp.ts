import { ARCHS, type Arch, DENIED, NEWEST_VETTED } from '../syscalls.ts';
import { DATA, type Instruction, jump, load, OP, verdict } from './bpf.ts';

const errno = (value: number): number => 0x00050000 | value;

/** Verdicts of the filter (`linux/seccomp.h`). */
export const VERDICT = {
  allow: 0x7fff0000,
  kill: 0x80000000,
  refuse: errno(1), // EPERM
  unknown: errno(38), // ENOSYS: libraries fall back to an older call
  noFamily: errno(97), // EAFNOSUPPORT
} as const;

/** Every `CLONE_NEW*` flag that `clone` takes: mount, cgroup, uts, ipc, user, pid, net. */
const NAMESPACE_FLAGS = 0x7e020000;
const FAMILY = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const NETLINK_ROUTE = 0;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** A block of code for one call: reached with the number loaded, must return. */
function only(nr: number, body: readonly Instruction[]): Instruction[] {
  return [jump(OP.jumpEqual, nr, 0, body.length), ...body];
}

/**
 * The filter of one architecture: foreign architectures are killed, calls newer than the vetted ones and the x32 ABI do not exist,
 * the deny list is refused, and `clone`, `socket`, `ioctl`, `personality` are judged by argument. Arguments are compared on their low
 * 32 bits, as the kernel reads them: comparing all 64 lets a caller slip by with high bits set (CVE-2019-10063).
 */
export function seccompProgram(arch: Arch): Instruction[] {
  const facts = ARCHS[arch];
  const column = arch === 'x64' ? 0 : 1;
  const denied = Object.values(DENIED).flatMap((numbers) => numbers[column] ?? []);
  return [
    load(DATA.arch),
    jump(OP.jumpEqual, facts.auditArch, 1, 0),
    verdict(VERDICT.kill),
    load(DATA.nr),
    ...(facts.foreignBit === 0 ? [] : [jump(OP.jumpSet, facts.foreignBit, 0, 1), verdict(VERDICT.unknown)]),
    jump(OP.jumpGreater, NEWEST_VETTED, 0, 1),
    verdict(VERDICT.unknown),
    ...denied.flatMap((nr) => only(nr, [verdict(VERDICT.refuse)])),
    ...only(facts.clone3, [verdict(VERDICT.unknown)]),
    ...only(facts.clone, [load(DATA.argLow(0)), jump(OP.jumpSet, NAMESPACE_FLAGS, 0, 1), verdict(VERDICT.refuse), verdict(VERDICT.allow)]),
    ...only(facts.socket, [
      load(DATA.argLow(0)),
      jump(OP.jumpEqual, FAMILY.unix, 6, 0),
      jump(OP.jumpEqual, FAMILY.inet, 5, 0),
      jump(OP.jumpEqual, FAMILY.inet6, 4, 0),
      jump(OP.jumpEqual, FAMILY.netlink, 0, 2),
      load(DATA.argLow(2)),
      jump(OP.jumpEqual, NETLINK_ROUTE, 1, 0),
      verdict(VERDICT.noFamily),
      verdict(VERDICT.allow),
    ]),
    ...only(facts.ioctl, [
      load(DATA.argLow(1)),
      jump(OP.jumpEqual, TIOCSTI, 1, 0),
      jump(OP.jumpEqual, TIOCLINUX, 0, 1),
      verdict(VERDICT.refuse),
      verdict(VERDICT.allow),
    ]),
    ...only(facts.personality, [
      load(DATA.argLow(0)),
      jump(OP.jumpEqual, 0, 2, 0),
      jump(OP.jumpEqual, 0xffffffff, 1, 0),
      verdict(VERDICT.refuse),
      verdict(VERDICT.allow),
    ]),
    verdict(VERDICT.allow),
  ];
}
