import { Readable } from 'node:stream';
import { type Header, pack } from 'tar-stream';
import { DEFAULT_LIMITS, type SandboxJob } from '../../src/sandbox/contract.ts';

/** Content of a base revision by path. */
export type BaseFiles = Readonly<Record<string, string | { readonly content: string; readonly executable: true }>>;

/** A base revision as tar; `odd` entries follow as they are. */
export function baseTar(files: BaseFiles, odd: readonly Partial<Header>[] = []): () => Promise<Readable> {
  return () => {
    const archive = pack();
    for (const [name, file] of Object.entries(files)) {
      const content = typeof file === 'string' ? file : file.content;
      archive.entry({ name, mode: typeof file === 'string' ? 0o644 : 0o755 }, content);
    }
    for (const header of odd) {
      archive.entry({ name: 'odd', ...header });
    }
    archive.finalize();
    return Promise.resolve(Readable.from(archive));
  };
}

let made = 0;

/** A job with one step per command and limits that suit a test. */
export function jobOf(commands: readonly string[], more: Partial<SandboxJob> & { readonly base?: BaseFiles } = {}): SandboxJob {
  const { base = { 'a.txt': 'one\n' }, ...rest } = more;
  made += 1;
  return {
    // Of its own: two jobs of one name are one job.
    name: `test-${process.pid}-${made}`,
    openBase: baseTar(base),
    files: [],
    steps: commands.map((run, index) => ({ name: `step-${index + 1}`, run })),
    limits: { ...DEFAULT_LIMITS, wallClockMs: 30_000, memoryBytes: 512 * 1024 ** 2, workspaceBytes: 64 * 1024 ** 2 },
    env: {},
    artifacts: [],
    collectChanges: null,
    ...rest,
  };
}

/** A program that tries one thing in Python and prints `errno <n>` or `open`. */
export function tryInPython(body: string): string {
  const indented = body.replaceAll('\n', '\n    ');
  return `/usr/bin/env python3 - <<'PROGRAM'\nimport ctypes, os, socket, errno\nlibc = ctypes.CDLL(None, use_errno=True)\ndef call(*numbers):\n    if libc.syscall(*numbers) < 0:\n        raise OSError(ctypes.get_errno(), 'refused')\ntry:\n    ${indented}\n    print('open')\nexcept OSError as error:\n    print('errno', errno.errorcode.get(error.errno, error.errno))\nPROGRAM`;
}
