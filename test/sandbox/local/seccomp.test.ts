import { describe, expect, it } from 'vitest';
import { encode, type Instruction, OP } from '../../../src/sandbox/local/bpf.ts';
import { seccompProgram, VERDICT } from '../../../src/sandbox/local/seccomp.ts';
import { ARCHS, type Arch, DENIED, NEWEST_VETTED } from '../../../src/sandbox/syscalls.ts';

/** Runs a program the way the kernel does, on `struct seccomp_data` given as bytes. */
function interpret(program: readonly Instruction[], data: Buffer): number {
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 1) {
    const instruction = program[at];
    if (instruction === undefined) {
      break;
    }
    const { code, jt, jf, k } = instruction;
    const skip = (yes: boolean): void => {
      at += yes ? jt : jf;
    };
    if (code === OP.load) {
      accumulator = data.readUInt32LE(k);
    } else if (code === OP.jumpEqual) {
      skip(accumulator === k);
    } else if (code === OP.jumpGreater) {
      skip(accumulator > k);
    } else if (code === OP.jumpSet) {
      skip((accumulator & k) !== 0);
    } else if (code === OP.return) {
      return k;
    } else {
      throw new Error(`unknown instruction ${code}`);
    }
  }
  throw new Error('the program runs off its end');
}

function judge(arch: Arch, nr: number, args: readonly bigint[] = [], auditArch: number = ARCHS[arch].auditArch): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(auditArch >>> 0, 4);
  args.forEach((value, index) => data.writeBigUInt64LE(value, 16 + 8 * index));
  return interpret(seccompProgram(arch), data);
}

/** read, write, openat, execve, futex, exit_group: what every program needs. */
const ORDINARY: Record<Arch, readonly number[]> = { x64: [0, 1, 257, 59, 202, 231], arm64: [63, 64, 56, 221, 98, 94] };
const HIGH = 0x1_0000_0000n;

describe.each(['x64', 'arm64'] as const)('the system call filter on %s', (arch) => {
  const facts = ARCHS[arch];

  it('lets ordinary calls through', () => {
    expect(ORDINARY[arch].map((nr) => judge(arch, nr))).toEqual(ORDINARY[arch].map(() => VERDICT.allow));
  });

  it('refuses every call of the deny list', () => {
    const numbers = Object.entries(DENIED).flatMap(([name, [x64, arm64]]) => {
      const nr = arch === 'x64' ? x64 : arm64;
      return nr === null ? [] : [{ name, verdict: judge(arch, nr) }];
    });
    expect(numbers.length).toBeGreaterThan(45);
    expect(numbers.filter(({ verdict }) => verdict !== VERDICT.refuse)).toEqual([]);
  });

  it('kills a caller of a foreign architecture', () => {
    expect(judge(arch, ORDINARY[arch][0] ?? 0, [], 0x40000003)).toBe(VERDICT.kill);
    expect(judge(arch, ORDINARY[arch][0] ?? 0, [], ARCHS[arch === 'x64' ? 'arm64' : 'x64'].auditArch)).toBe(VERDICT.kill);
  });

  it('knows no call newer than the vetted ones, nor the x32 ABI', () => {
    expect([NEWEST_VETTED, NEWEST_VETTED + 1, 467, 0x40000000, 0x40000000 + 59, 0xffffffff].map((nr) => judge(arch, nr))).toEqual([
      VERDICT.allow,
      ...Array.from({ length: 5 }, () => VERDICT.unknown),
    ]);
  });

  it('refuses clone for namespaces only, whatever the high bits say', () => {
    expect(judge(arch, facts.clone, [0x11n])).toBe(VERDICT.allow);
    for (const flag of [0x00020000n, 0x02000000n, 0x04000000n, 0x08000000n, 0x10000000n, 0x20000000n, 0x40000000n]) {
      expect(judge(arch, facts.clone, [flag | 0x11n])).toBe(VERDICT.refuse);
      expect(judge(arch, facts.clone, [HIGH | flag])).toBe(VERDICT.refuse);
    }
    expect(judge(arch, facts.clone3)).toBe(VERDICT.unknown);
  });

  it('allows four socket families and, of netlink, routes only', () => {
    for (const family of [1n, 2n, 10n]) {
      expect(judge(arch, facts.socket, [family, 1n, 0n])).toBe(VERDICT.allow);
    }
    expect(judge(arch, facts.socket, [16n, 3n, 0n])).toBe(VERDICT.allow);
    expect(judge(arch, facts.socket, [16n, 3n, 12n])).toBe(VERDICT.noFamily);
    for (const family of [0n, 17n, 38n, 40n, 44n, HIGH | 40n]) {
      expect(judge(arch, facts.socket, [family, 1n, 0n])).toBe(VERDICT.noFamily);
    }
  });

  it('refuses typing into terminals on the low 32 bits', () => {
    for (const request of [0x5412n, 0x541cn, HIGH | 0x5412n, HIGH | 0x541cn]) {
      expect(judge(arch, facts.ioctl, [0n, request])).toBe(VERDICT.refuse);
    }
    expect(judge(arch, facts.ioctl, [0n, 0x5401n])).toBe(VERDICT.allow);
  });

  it('allows asking for the personality, not changing it', () => {
    expect([0n, 0xffffffffn, 0x0040000n].map((value) => judge(arch, facts.personality, [value]))).toEqual([
      VERDICT.allow,
      VERDICT.allow,
      VERDICT.refuse,
    ]);
  });

  it('fits what the kernel takes', () => {
    const program = seccompProgram(arch);
    expect(encode(program)).toHaveLength(program.length * 8);
    expect(program.length).toBeLessThan(4096);
    expect(program.every(({ jt, jf }) => jt < 256 && jf < 256)).toBe(true);
  });
});
