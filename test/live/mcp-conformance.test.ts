import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { agentWorld, TOKENS } from '../agents/world.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Run by npx, not installed with the project: 52 MB and 122 packages for the runner, 110 MB for the Inspector. */
const RUNNER = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const INSPECTOR = '@modelcontextprotocol/inspector@2.12.0';
/** What does not concern us at a revision, each entry with its reason. */
const baseline = (revision: string) => fileURLToPath(new URL(`../agents/conformance/${revision}.yml`, import.meta.url));

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly stdout: string;
}

/** Runs a program of a package that npx fetches. */
async function npx(name: string, program: string, args: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)('npx', ['--yes', '--package', name, program, ...args], {
      cwd: temporaryFolder(),
      maxBuffer: 64 * 1024 ** 2,
      env: process.env,
    });
    return { code: 0, output: stdout + stderr, stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { readonly code?: number; readonly stdout?: string; readonly stderr?: string };
    return { code: typeof code === 'number' ? code : 1, output: `${stdout ?? ''}${stderr ?? ''}`, stdout: stdout ?? '' };
  }
}

/** Whether npx can run a package here; what cannot be run is named. */
async function here(name: string, program: string): Promise<boolean> {
  const { code, output } = await npx(name, program, ['--help']);
  if (code !== 0) process.stdout.write(`skipped: ${name}: npx cannot run it here: ${output.trim().split('\n').at(-1) ?? ''}\n`);
  return code === 0;
}

/** The Monitor behind its real door; the runner sends no token, so one is put on every request that reaches it. */
async function monitor(): Promise<{ readonly url: string; close(): void }> {
  const { app } = await agentWorld();
  const server = createServer((request, response) => {
    request.headers.authorization = `Bearer ${TOKENS.maintainer}`;
    app(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp/monitor`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const runner = await here(RUNNER, 'conformance');
const inspector = await here(INSPECTOR, 'mcp-inspector');

describe('the baselines', () => {
  it.each(['2026-07-28', '2025-11-25'])('of %s give a reason for each entry', (revision) => {
    const entries = readFileSync(baseline(revision), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('  - '));
    expect(entries.length).toBeGreaterThan(10);
    for (const entry of entries) expect(entry).toMatch(/^ {2}- [a-z0-9-]+:[a-z0-9-]+ # .{20,}$/);
  });
});

describe.skipIf(!runner)('the official conformance runner', { timeout: 600_000 }, () => {
  it.each(['2026-07-28', '2025-11-25'])('finds nothing at revision %s but what the baseline gives a reason for', async (revision) => {
    const server = await monitor();
    try {
      const { code, output } = await npx(RUNNER, 'conformance', [
        'server',
        '--url',
        server.url,
        '--requirements',
        revision,
        '--expected-failures',
        baseline(revision),
        '--output-dir',
        temporaryFolder(),
      ]);
      process.stdout.write(output.slice(output.lastIndexOf('SUMMARY')));
      expect(code, output).toBe(0);
    } finally {
      server.close();
    }
  });
});

describe.skipIf(!inspector)("the Inspector's command line", { timeout: 300_000 }, () => {
  /** What it prints, read. */
  async function inspect(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const { code, output, stdout } = await npx(INSPECTOR, 'mcp-inspector', ['--cli', ...args]);
    expect(code, output).toBe(0);
    return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  }

  it('lists the tools of a Reasoner that it starts itself', async () => {
    const { tools } = await inspect([process.execPath, MAIN, 'agent', 'reasoner', '--method', 'tools/list']);
    expect((tools as ReadonlyArray<{ readonly name: string }>).map(({ name }) => name)).toEqual(['diagnose', 'propose_fix']);
  });

  it('reports a problem to the Monitor over HTTP with the token that it is given', async () => {
    const { url, did } = await agentWorld();
    const token = ['--header', `Authorization: Bearer ${TOKENS.collaborator}`];
    const call = ['--method', 'tools/call', '--tool-name', 'report_problem'];
    const facts = ['--tool-arg', 'repository=acme/shop', 'summary=login fails', 'check=unit'];
    const answer = await inspect([url('monitor'), '--transport', 'http', ...token, ...call, ...facts]);
    expect(answer).toMatchObject({ structuredContent: { taken: true } });
    expect(did.reports).toMatchObject([{ by: { id: 'cleo' }, report: { check: 'unit' } }]);
  });
});
