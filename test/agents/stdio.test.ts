import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, describe, expect, it } from 'vitest';
import { onSharedServer, processesOf, stateFolderOf } from '../cli/support.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const stateDir = stateFolderOf(onSharedServer());
  folders.push(stateDir);
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', SUTURE_STATE_DIR: stateDir, ...more };
}

/** Runs `suture agent`, says these lines to it and hangs up. */
async function speak(args: readonly string[], env: Record<string, string>, lines: readonly object[]) {
  const child = spawn(process.execPath, [MAIN, 'agent', ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (stdout.split('\n').length > lines.length) child.stdin.end();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  for (const line of lines) child.stdin.write(`${JSON.stringify(line)}\n`);
  if (lines.length === 0) child.stdin.end();
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

describe('an agent on its pipes', { timeout: 60_000 }, () => {
  it('says the protocol and nothing else on standard output, and ends when it is hung up on', async () => {
    const env = environment({ SUTURE_LOG_LEVEL: 'debug' });
    const request = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/list',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    };
    const { code, stdout } = await speak(['monitor'], env, [request]);
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ jsonrpc: '2.0', id: 1, result: { tools: expect.any(Array) } });
    expect(processesOf(env['SUTURE_STATE_DIR'] ?? '')).toEqual([]);
  });

  it('knows a healing that nobody reported by no name', async () => {
    const client = new Client({ name: 'stock', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [MAIN, 'agent', 'monitor'], env: environment(), stderr: 'ignore' }),
    );
    try {
      const { isError, content } = await client.callTool({ name: 'get_incident', arguments: { incident: 'heal/acme/shop/manual/nobody' } });
      expect([isError, JSON.stringify(content)]).toEqual([true, expect.stringContaining('repository-gone')]);
    } finally {
      await client.close();
    }
  });

  it('speaks for nobody when the token in its environment is nobody’s, and does not print it', async () => {
    const token = 'a-token-that-nobody-holds';
    const { code, stdout, stderr } = await speak(['monitor'], environment({ SUTURE_AGENT_TOKEN: token }), []);
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toContain('SUTURE_AGENT_TOKEN');
    expect(stderr).not.toContain(token);
  });

  it('is one of those there are', async () => {
    const { code, stderr } = await speak(['approver'], environment(), []);
    expect(code).toBe(6);
    expect(stderr).toContain('monitor, reasoner, executor');
  });
});
