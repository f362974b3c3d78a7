/** One classic BPF instruction as the kernel's `struct sock_filter`; `jt` and `jf` count instructions to skip. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Operation codes used here (`linux/bpf_common.h`). */
export const OP = { load: 0x20, jumpEqual: 0x15, jumpGreater: 0x25, jumpSet: 0x45, return: 0x06 } as const;

/** Offsets in `struct seccomp_data`; arguments are 64 bits wide, low half first on both supported architectures. */
export const DATA = { nr: 0, arch: 4, argLow: (index: number): number => 16 + 8 * index } as const;

/** Load 32 bits of `seccomp_data` into the accumulator. */
export const load = (offset: number): Instruction => ({ code: OP.load, jt: 0, jf: 0, k: offset });

/** End with a verdict. */
export const verdict = (k: number): Instruction => ({ code: OP.return, jt: 0, jf: 0, k: k >>> 0 });

/** Compare the accumulator with a constant, skipping `jt` or `jf` instructions. */
export const jump = (code: number, k: number, jt: number, jf: number): Instruction => ({ code, jt, jf, k: k >>> 0 });

/** Bytes as the kernel wants them: 8 per instruction, little endian. */
export function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach((instruction, index) => {
    bytes.writeUInt16LE(instruction.code, index * 8);
    bytes.writeUInt8(instruction.jt, index * 8 + 2);
    bytes.writeUInt8(instruction.jf, index * 8 + 3);
    bytes.writeUInt32LE(instruction.k, index * 8 + 4);
  });
  return bytes;
}
