import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inState, orDiskFull } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import { ownMarker } from '../marker.ts';
import { encode } from './bpf.ts';
import { seccompProgram } from './seccomp.ts';

/** Files that every sandbox gets by descriptor: they have no name on the host that a sandbox could see. */
export interface StaticFiles {
  /** A fresh descriptor, read from the start; the caller closes it. */
  open(name: StaticName): number;
  close(): void;
}

/** Where the supervisor's shell lives inside the sandbox. */
export const SUPERVISOR = '/opt/suture/supervisor';

/** Content by its place in the sandbox, apart from the two that the host makes: the seccomp program and the supervisor's shell. */
export const SYNTHETIC = {
  '/etc/hosts': '127.0.0.1 localhost sandbox\n::1 localhost\n',
  '/etc/passwd': 'root:x:0:0:root:/nonexistent:/bin/false\nsandbox:x:1000:1000:sandbox:/home/sandbox:/bin/sh\n',
  '/etc/group': 'root:x:0:\nsandbox:x:1000:\n',
  '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\nservices: files\n',
  '/etc/resolv.conf': '',
} as const;

/** Name of one static file. */
export type StaticName = keyof typeof SYNTHETIC | 'seccomp' | 'supervisor';

let nextSet = 0;

/** Makes the files in a private folder and unlinks them at once, so that nothing is left even after `kill -9`. */
export function createStaticFiles(folder: string, sh: string): StaticFiles {
  const arch = process.arch;
  if (arch !== 'x64' && arch !== 'arm64') {
    throw new Failure('sandbox-unavailable', `no system call filter for ${arch}; run on x64 or arm64, or choose another sandbox backend`);
  }
  const contents: Record<StaticName, string | Buffer> = {
    ...SYNTHETIC,
    seccomp: encode(seccompProgram(arch)),
    supervisor: readFileSync(sh),
  };
  const descriptors = new Map<string, number>();
  nextSet += 1;
  const close = (): void => {
    for (const descriptor of descriptors.values()) {
      closeSync(descriptor);
    }
    descriptors.clear();
  };
  for (const [name, content] of Object.entries(contents)) {
    const path = join(folder, `${ownMarker()}.f${descriptors.size}x${nextSet}`);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(path, content, { mode: 0o600 });
      descriptors.set(name, openSync(path, 'r'));
    } catch (error) {
      close();
      throw orDiskFull(error, inState(folder));
    } finally {
      rmSync(path, { force: true });
    }
  }
  return {
    open(name) {
      const descriptor = descriptors.get(name);
      if (descriptor === undefined) {
        throw new Failure('bug', `static file ${name} was closed`);
      }
      // Opening through /proc gives a new file offset, which a duplicate of the descriptor would share.
      return openSync(`/proc/self/fd/${descriptor}`, 'r');
    },
    close,
  };
}
