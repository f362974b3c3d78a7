import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { findRunning } from '../../src/cli/running.ts';
import { processesOf, type Running, repositoryOf, start, stateFolderOf, suture } from './support.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function kept(folder: string): string {
  folders.push(folder);
  return folder;
}

async function serve(stateDir: string): Promise<Running> {
  const running = start(stateDir, ['start']);
  await running.says('Suture serves');
  return running;
}

async function nothingLeft(stateDir: string): Promise<void> {
  for (let tried = 0; tried < 300 && processesOf(stateDir).length > 0; tried += 1) await delay(100);
  expect(processesOf(stateDir)).toEqual([]);
}

// With a Temporal server of its own: it must end with the rest.
describe('whoever is interrupted', { timeout: 180_000 }, () => {
  it('suture heal leaves nothing running, and the next one heals', async () => {
    const stateDir = kept(stateFolderOf({ patrolEveryMs: 0 }));
    const folder = kept(
      repositoryOf({ 'check.sh': '#!/bin/sh\ngrep -q good config.ini\n', 'config.ini': 'mode=good\n' }, { 'config.ini': 'mode=bad\n' }),
    );
    const first = start(stateDir, ['heal', folder, '--', 'sleep 300']);
    await first.says('Attempt 1');
    const beside = await suture(stateDir, ['heal', folder, '--', './check.sh']);
    expect(beside.code).toBe(6);
    expect(beside.stderr).toContain(`process ${first.child.pid} heals with ${stateDir}`);
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(143);
    await nothingLeft(stateDir);
    const next = await suture(stateDir, ['heal', folder, '--json', '--', './check.sh']);
    expect(next.code, next.stderr).toBe(0);
    expect(JSON.parse(next.stdout)).toMatchObject({ healed: true });
  });

  it('suture start ends in order when Ctrl-C reaches all that the terminal knows of', async () => {
    const stateDir = kept(stateFolderOf({ patrolEveryMs: 0 }));
    const service = await serve(stateDir);
    process.kill(-(service.child.pid ?? 0), 'SIGINT');
    const { code, stderr } = await service.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('starting it again');
    expect(processesOf(stateDir)).toEqual([]);
  });

  it('suture start that was killed leaves no server behind, and nobody takes it for running', async () => {
    const stateDir = kept(stateFolderOf({ patrolEveryMs: 0 }));
    const service = await serve(stateDir);
    service.child.kill('SIGKILL');
    await service.ended;
    await nothingLeft(stateDir);
    expect(await findRunning(stateDir)).toBeNull();
    const ended = await suture(stateDir, ['status']);
    expect(ended.code).toBe(6);
    expect(ended.stderr).toContain('no Suture runs');
    const again = await serve(stateDir);
    again.child.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
  });
});
