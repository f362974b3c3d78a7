import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findExecutable } from '../../src/sandbox/local/find-tools.ts';
import { onSharedServer, processesOf, stateFolderOf, suture } from './support.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function state(config: object = {}): string {
  const folder = stateFolderOf(config);
  folders.push(folder);
  return folder;
}

/** A PATH on which only these programs are. */
function pathWith(...programs: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'suture-path-'));
  folders.push(folder);
  for (const program of programs) {
    const found = findExecutable(program, process.env['PATH'] ?? '');
    if (found !== null) symlinkSync(found, join(folder, program));
  }
  return folder;
}

async function takenPort(work: (port: number) => Promise<void>): Promise<void> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

/** The last line for people, and that nothing is left running. */
async function complaint(
  stateDir: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; line: string }> {
  const ended = await suture(stateDir, args, env);
  expect(processesOf(stateDir)).toEqual([]);
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  return { code: ended.code, line: ended.stderr.trim().split('\n').at(-1) ?? '' };
}

describe('what is missing is said in one line with the way out', { timeout: 90_000 }, () => {
  it('no Temporal server', async () => {
    const home = mkdtempSync(join(tmpdir(), 'suture-home-'));
    folders.push(home);
    const { code, line } = await complaint(state(), ['start'], {
      SUTURE_TEMPORAL_EXECUTABLE: '',
      HOME: home,
      PATH: pathWith('git', 'python3', 'sh'),
    });
    expect(code).toBe(6);
    expect(line).toMatch(/no Temporal server was found; run `npm run setup`, or set SUTURE_TEMPORAL_EXECUTABLE/);
  });

  it('a taken port of the Temporal server', async () => {
    await takenPort(async (port) => {
      const { code, line } = await complaint(state({ temporal: { port, uiPort: 0 } }), ['start']);
      expect(code).toBe(6);
      expect(line).toContain(`port ${port} for the Temporal server is taken`);
      expect(line).toContain('SUTURE_TEMPORAL_PORT');
    });
  });

  it('a taken port of the ingress', async () => {
    await takenPort(async (port) => {
      const { code, line } = await complaint(state({ ...onSharedServer(), ingress: { port } }), ['start']);
      expect(code).toBe(6);
      expect(line).toContain(String(port));
      expect(line).toContain('SUTURE_INGRESS_PORT');
    });
  });

  it('a broken configuration, with every problem at once', async () => {
    const stateDir = state();
    writeFileSync(join(stateDir, 'config.yml'), 'ingress:\n  prot: 1\nautonomyCeiling: everything\n');
    const ended = await suture(stateDir, ['start']);
    expect(ended.code).toBe(6);
    expect(ended.stderr).toContain('config.yml:2: ingress.prot: unknown key');
    expect(ended.stderr).toContain('config.yml:3: autonomyCeiling');
  });

  it('no bubblewrap, in the doctor', async () => {
    const ended = await suture(state(), ['doctor', '--json'], { PATH: pathWith('git', 'python3', 'sh', 'node') });
    expect(ended.code).toBe(6);
    const { findings } = JSON.parse(ended.stdout) as { findings: ReadonlyArray<{ name: string; ok: boolean; detail: string }> };
    const found = findings.find((finding) => !finding.ok && /bwrap|bubblewrap/.test(`${finding.name} ${finding.detail}`));
    expect(found?.detail).toMatch(/install it: apt/);
  });

  it('a state folder that nobody can make', async () => {
    for (const args of [['start'], ['doctor', '--json']]) {
      const { code, stderr, stdout } = await suture('/proc/suture/state', args);
      expect(code).toBe(6);
      expect(`${stdout}${stderr}`).toMatch(
        /the state folder \/proc\/suture\/state cannot be written \(ENOENT\): .*set SUTURE_STATE_DIR to another folder/,
      );
    }
  });

  it('nobody who serves this folder', async () => {
    for (const args of [['status'], ['approve', 'heal/a/b/pr/1'], ['pause', 'a/b']]) {
      const { code, line } = await complaint(state(), args);
      expect(code).toBe(6);
      expect(line).toContain('npm start');
    }
  });

  it('a command or an option that there is not', async () => {
    expect((await complaint(state(), ['dance'])).code).toBe(2);
    expect((await complaint(state(), ['status', '--fast'])).code).toBe(2);
    expect((await complaint(state(), ['pause', 'not-a-repository'])).code).toBe(2);
  });
});
