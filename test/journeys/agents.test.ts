import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeploymentResult } from '../../src/domain/deployment-result.schema.ts';
import { FixProposal } from '../../src/domain/fix-proposal.schema.ts';
import { Problem } from '../../src/domain/problem.schema.ts';
import { createRepository, push } from '../../src/integrations/local/admin.ts';
import { onSharedServer, processesOf, type Running, repositoryOf, start, stateFolderOf } from '../cli/support.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const TOKEN = 'the-token-of-an-agent-of-cleo';
const SHOP = { owner: 'acme', name: 'shop' };
const INCIDENT = 'heal/acme/shop/branch/main';
const FILES = {
  '.github/suture.yml': 'version: 1\nautonomy: merge\nchecks:\n  - name: tests\n    run: python3 app.py\n',
  'app.py': 'import json\njson.load(open("settings.json"))\n',
  'settings.json': '{}\n',
};

let stateDir: string;
let folder: string;
let service: Running;
const clients: Client[] = [];

beforeAll(async () => {
  stateDir = stateFolderOf({
    ...onSharedServer(),
    ingress: { port: 0, people: [{ id: 'cleo', trust: 'collaborator', tokenSha256: createHash('sha256').update(TOKEN).digest('hex') }] },
    // The worker asks a Reasoner in a process of its own.
    agents: { serve: ['monitor', 'executor'], reasoner: { command: [process.execPath, MAIN, 'agent', 'reasoner'] } },
    autonomyCeiling: 'merge',
    timings: { gatherMs: 100, cooldownMs: 0, checkPollMs: 300, watchMs: [] },
  });
  folder = repositoryOf(FILES);
  await createRepository(stateDir, SHOP, { origin: { fromDirectory: folder }, defaultBranch: 'main', settings: {} });
  service = start(stateDir, ['start']);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  service?.child.kill('SIGTERM');
  await service?.ended;
  const left = processesOf(stateDir);
  if (left.length > 0) throw new Error(`processes were left: ${left.join(', ')}`);
  for (const each of [stateDir, folder]) rmSync(each, { recursive: true, force: true });
});

/** A stock client at an agent of the ingress. */
async function client(agent: string): Promise<Client> {
  const record = join(stateDir, 'run', 'runtime.json');
  while (!existsSync(record)) {
    if (service.child.exitCode !== null) throw new Error(service.said());
    await delay(50);
  }
  const { ingressUrl } = JSON.parse(readFileSync(record, 'utf8')) as { readonly ingressUrl: string };
  const made = new Client({ name: 'stock', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await made.connect(
    new StreamableHTTPClientTransport(new URL(`${ingressUrl}/mcp/${agent}`), {
      requestInit: { headers: { authorization: `Bearer ${TOKEN}` } },
    }),
  );
  clients.push(made);
  return made;
}

async function call(to: Client, name: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const { isError, structuredContent, content } = await to.callTool({ name, arguments: { ...input } }, { timeout: 120_000 });
  if (isError === true) throw new Error(JSON.stringify(content));
  return structuredContent as Readonly<Record<string, unknown>>;
}

describe('a stock client', () => {
  it('reports a problem, follows its healing, proves a patch of its own and reads problem, proposal and result', {
    timeout: 180_000,
  }, async () => {
    const [monitor, executor] = [await client('monitor'), await client('executor')];
    const broken = await push(stateDir, SHOP, { branch: 'main', files: { 'settings.json': '{' }, message: 'Tune', actor: 'dev' });
    const report = {
      repository: 'acme/shop',
      subject: 'branch/main',
      kind: 'check-failed',
      check: 'tests',
      sha: broken.sha,
      summary: 'tests fail',
    };
    expect(await call(monitor, 'report_problem', report)).toEqual({ incident: INCIDENT, taken: true });

    const mended = { op: 'write', path: 'settings.json', mode: '100644', content: Buffer.from('{"ours": true}\n').toString('base64') };
    const validation = await call(executor, 'validate', { repository: 'acme/shop', base: broken.sha, check: 'tests', files: [mended] });
    expect(validation).toMatchObject({ base: broken.sha, proof: { verdict: 'proven', redAtBase: true, greenAgain: true } });

    let seen = await call(monitor, 'get_incident', { incident: INCIDENT });
    while (seen['outcome'] === null) {
      await delay(200);
      seen = await call(monitor, 'get_incident', { incident: INCIDENT });
    }
    expect(seen, JSON.stringify(seen['timeline'])).toMatchObject({
      // Whether the merged commit has checks yet when it is looked at is a matter of moments.
      outcome: { kind: 'healed', reason: expect.stringMatching(/^(verified|merged-unverified)$/) },
      strategy: 'config-rollback',
    });

    const read = async (name: string) => {
      const { contents } = await monitor.readResource({ uri: `suture://incident/${INCIDENT}/${name}` });
      return JSON.parse((contents[0] as { readonly text: string }).text) as unknown;
    };
    const problem = Problem.parse(await read('problem'));
    expect(problem).toMatchObject({ revision: broken.sha, failing: { check: 'tests', command: 'python3 app.py' }, trust: 'collaborator' });
    const proposal = FixProposal.parse(await read('proposal'));
    expect(proposal).toMatchObject({
      strategy: 'config-rollback',
      tests: [{ name: 'tests', proves: 'repair' }],
      proof: { verdict: 'proven' },
    });
    expect(proposal.proposed_fix).toMatchObject([{ kind: 'restore-file', path: 'settings.json' }]);
    const result = DeploymentResult.parse(await read('result'));
    expect(result).toMatchObject({
      status: 'healed',
      proven: true,
      change_set_hash: proposal.change_set?.hash,
      pull_request: { number: 1 },
    });
    expect(await call(executor, 'deployment_result', { incident: INCIDENT })).toEqual(result);
    expect(await call(executor, 'open_pull_request', { incident: INCIDENT })).toMatchObject({
      status: 'open',
      pull_request: { number: 1 },
    });
    const listed = await call(monitor, 'list_incidents', { all: true });
    expect(JSON.stringify(listed)).toContain(INCIDENT);
  });
});
