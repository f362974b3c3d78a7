import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { startChild } from '../../src/cli/child.ts';
import { watchDisk } from '../../src/cli/watch-disk.ts';
import { providedTemporal } from '../support/temporal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { repositoryOf } from './support.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs a command on a disk of this size: one in memory, in namespaces of its own, with which it goes. Needs no more rights than the sandbox. */
function onSmallDisk(size: string, args: readonly string[]) {
  const disk = temporaryFolder();
  const words = [
    '--user',
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"',
    'sh',
  ];
  return {
    disk,
    ...spawnSync('unshare', [...words, size, disk, process.execPath, main, ...args], {
      encoding: 'utf8',
      env: {
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        HOME: process.env['HOME'] ?? '',
        TMPDIR: disk,
        SUTURE_STATE_DIR: join(disk, 'state'),
        SUTURE_TEMPORAL_EXECUTABLE: providedTemporal().executable,
        SUTURE_TEMPORAL_PORT: '0',
        SUTURE_TEMPORAL_UI_PORT: '0',
        SUTURE_INGRESS_PORT: '0',
      },
    }),
  };
}

describe('a full disk is said in one line', { timeout: 180_000 }, () => {
  it('by heal, when not even its secrets fit', () => {
    const { disk, status, stderr } = onSmallDisk('64k', ['heal', repositoryOf({ 'a.txt': 'a' }), '--', 'false']);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(`^the disk that holds ${disk}/state\\S* is full: .*SUTURE_STATE_DIR`),
    ]);
    expect(status).toBe(6);
  });

  it('by start, when a process that it starts finds it full', () => {
    const { disk, status, stderr } = onSmallDisk('1m', ['start']);
    const [, ...rest] = stderr.trim().split('\n');
    expect(rest).toEqual([expect.stringMatching(`^the disk that holds ${disk}/state/cache is full: .*SUTURE_STATE_DIR`)]);
    expect(status).toBe(6);
  });

  it('by the demo, which lives where temporary files do', () => {
    const { disk, status, stderr } = onSmallDisk('64k', ['demo']);
    expect(stderr.trim().split('\n')).toEqual([
      `the disk that holds ${disk} is full: free some space there, or set TMPDIR to a folder on another disk`,
    ]);
    expect(status).toBe(6);
  });
});

describe('a process that ends while it starts', () => {
  const child = (text: string) => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    const script = join(folder, 'child.mjs');
    writeFileSync(script, text);
    return startChild({ name: 'the child', script, env: {}, logFile: join(folder, 'child.log') });
  };

  it('hands on its one line, with its code', async () => {
    const failed = JSON.stringify({ failed: { code: 'disk-full', message: 'no room' } });
    await expect(child(`console.log(${JSON.stringify(failed)}); process.exitCode = 6;`)).rejects.toMatchObject({
      code: 'disk-full',
      message: 'no room',
    });
  });

  it('is quoted with its error and not with its stack', async () => {
    await expect(child("throw new TypeError('x is not there');")).rejects.toThrow(
      /^the child ended while starting: TypeError: x is not there; its log is \S+child\.log$/,
    );
  });
});

it('says once that a disk became full, and once that it has room again', () => {
  vi.useFakeTimers();
  try {
    const said: string[] = [];
    let bytes = 5_000_000;
    const end = watchDisk('/state', (text) => said.push(text), { everyMs: 1000, free: () => bytes });
    const after = (now: number): readonly string[] => {
      bytes = now;
      vi.advanceTimersByTime(3000);
      return said.splice(0);
    };
    expect(after(4_000_000)).toEqual([]);
    expect(after(20_480)).toEqual([expect.stringMatching(/^the disk that holds \/state is full \(20 KiB left\): free some space there/)]);
    expect(after(1_100_000)).toEqual([]);
    expect(after(9_000_000)).toEqual(['there is room again on the disk that holds /state']);
    end();
    expect(after(0)).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});
