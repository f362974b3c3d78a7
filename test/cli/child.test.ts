import { closeSync, readdirSync, readFileSync, readlinkSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startChild } from '../../src/cli/child.ts';
import { openLog } from '../../src/lib/log-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** How many descriptors of this process lead to a file. */
function descriptorsOf(file: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file;
    } catch {
      return false;
    }
  }).length;
}

it('closes the log of a child that ended, with everything in it that was said', async () => {
  const folder = temporaryFolder();
  const script = join(folder, 'child.mjs');
  writeFileSync(
    script,
    `process.on('SIGTERM', () => process.stderr.write('done\\n', () => process.exit(0)));
    process.stdin.on('end', () => process.exit()).resume();
    process.stderr.write('at work\\n');
    process.stdout.write('{}\\n');`,
  );
  const logFile = join(folder, 'child.log');
  for (let start = 0; start < 3; start += 1) {
    const child = await startChild({ name: 'child', script, env: {}, logFile });
    expect(descriptorsOf(logFile)).toBe(1);
    await child.stop();
    await expect.poll(() => descriptorsOf(logFile)).toBe(0);
  }
  expect(readFileSync(logFile, 'utf8')).toBe('at work\ndone\n'.repeat(3));
});

it('sets a large log aside when it is opened, and keeps one old one', () => {
  const log = join(temporaryFolder(), 'worker.log');
  for (const first of ['one', 'two']) {
    closeSync(openLog(log));
    writeFileSync(log, first);
    truncateSync(log, 10_000_001);
  }
  closeSync(openLog(log));
  expect([statSync(log).size, statSync(`${log}.1`).size]).toEqual([0, 10_000_001]);
  expect(readFileSync(`${log}.1`, 'utf8').slice(0, 3)).toBe('two');
  expect(readdirSync(join(log, '..')).sort()).toEqual(['worker.log', 'worker.log.1']);
});
