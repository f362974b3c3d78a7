import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { announceRunning, findRunning } from '../../src/cli/running.ts';
import { identify } from '../../src/lib/process-identity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WHERE = { serves: true, temporalAddress: '127.0.0.1:7233', ingressUrl: 'http://127.0.0.1:8080' };

function leave(stateDir: string, text: string): void {
  mkdirSync(join(stateDir, 'run'));
  writeFileSync(join(stateDir, 'run', 'runtime.json'), text);
}

describe('the Suture of a state folder', () => {
  it('is found while it runs, and no longer once it took that back', async () => {
    const stateDir = temporaryFolder();
    expect(await findRunning(stateDir)).toBeNull();
    const takeBack = await announceRunning(stateDir, WHERE);
    expect(await findRunning(stateDir)).toMatchObject({ pid: process.pid, ...WHERE });
    await takeBack();
    expect(await findRunning(stateDir)).toBeNull();
  });

  it('is not found where it was killed, whoever has its number now', async () => {
    const killed = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const identity = identify(killed.pid ?? 0);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const gone = temporaryFolder();
    leave(gone, JSON.stringify({ ...identity, ...WHERE }));
    expect(await findRunning(gone)).toBeNull();
    const another = temporaryFolder();
    leave(another, JSON.stringify({ ...identity, pid: process.pid, ...WHERE }));
    expect(await findRunning(another)).toBeNull();
  });

  it('is not found in a file that is damaged', async () => {
    const stateDir = temporaryFolder();
    leave(stateDir, '{"pid":');
    expect(await findRunning(stateDir)).toBeNull();
  });
});
