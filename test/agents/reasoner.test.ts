import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Reasoned } from '../../src/activities/contract.ts';
import { Dossier } from '../../src/activities/dossier.ts';
import { createActivities } from '../../src/activities/index.ts';
import type { AgentPlace } from '../../src/agents/client.ts';
import type { DiagnosisEvidence } from '../../src/agents/contract.ts';
import { remoteReasoner } from '../../src/agents/reasoner/client.ts';
import { ContextInput, type DiagnosisInput } from '../../src/agents/reasoner/context.schema.ts';
import { openReasoner } from '../../src/agents/registry.ts';
import { defineTool } from '../../src/agents/tool.ts';
import { push, reportCheck } from '../../src/integrations/local/admin.ts';
import { stableJson } from '../../src/lib/stable-json.ts';
import type { StrategyContext } from '../../src/strategies/contract.ts';
import { createReasoner } from '../../src/strategies/reasoner.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { SHOP } from '../integrations/local/support.ts';
import { HEALING, incidentOf, unittestLog } from '../support/activity-world.ts';
import { type AgentWorld, agentWorld, TOKENS } from './world.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const opened: Array<{ close(): Promise<void> }> = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** A reasoner elsewhere that is closed after the test. */
function elsewhere(place: AgentPlace, timeoutMs = 30_000) {
  const reasoner = remoteReasoner(place, { timeoutMs });
  opened.push(reasoner);
  return reasoner;
}

const overPipes: AgentPlace = { command: [process.execPath, MAIN, 'agent', 'reasoner'], env: { PATH: process.env['PATH'] ?? '' } };
const overHttp = ({ url }: AgentWorld, token: string = TOKENS.maintainer): AgentPlace => ({ url: url('reasoner'), token: () => token });

/** What the real activity answers, from a world whose configuration broke, with a reasoner of somebody's choice. */
async function reasoned(given: AgentWorld, place: AgentPlace | null): Promise<Reasoned> {
  const { world } = given;
  const bad = await push(world.forgeDir, SHOP, {
    branch: 'main',
    files: { 'config.yaml': 'mode: broken\n' },
    message: 'Tune',
    actor: 'dev',
  });
  await reportCheck(world.forgeDir, SHOP, { sha: world.green, name: 'unit', conclusion: 'success' });
  await reportCheck(world.forgeDir, SHOP, { sha: bad.sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
  const incident = await incidentOf(world.activities, { sha: bad.sha });
  const ask = (reasoner: typeof world.deps.reasoner) =>
    createActivities({ ...world.deps, reasoner }).reason({
      healingId: HEALING,
      dossier: incident.dossier,
      attempt: 1,
      tried: [],
      probes: [],
    });
  const here = await ask(createReasoner(strategies));
  const there = place === null ? here : await ask(elsewhere(place));
  expect(stableJson(there)).toBe(stableJson(here));
  expect(JSON.stringify(there)).toBe(JSON.stringify(here));
  return there;
}

/** Whether every key of one type is known to the other; the compiler says so. */
type Knows<Port, Wire> = [Exclude<keyof Port, keyof Wire>] extends [never] ? true : false;

describe('a reasoner in another process', () => {
  it('is told everything that the one in process is told', () => {
    const context: Knows<StrategyContext, z.infer<typeof ContextInput>> = true;
    const evidence: Knows<DiagnosisEvidence, z.infer<typeof DiagnosisInput>> = true;
    expect([context, evidence]).toEqual([true, true]);
    // What a newer one is told in addition is refused, not lost.
    expect(ContextInput.safeParse({ surprise: 1 }).error?.issues.map(({ code }) => code)).toContain('unrecognized_keys');
  });

  it('gives the same bytes over HTTP as the one in process', async () => {
    const given = await agentWorld();
    expect(await reasoned(given, overHttp(given))).toMatchObject({ kind: 'plan', plan: { strategy: 'config-rollback' } });
  });

  it('gives the same bytes over the pipes of a program of its own, which holds nothing of ours', { timeout: 90_000 }, async () => {
    expect(await reasoned(await agentWorld(), overPipes)).toMatchObject({ kind: 'plan', plan: { strategy: 'config-rollback' } });
  });

  it('is found by the configuration, and in process without one', async () => {
    const given = await agentWorld();
    const inProcess = createReasoner(strategies);
    const common = { inProcess, token: () => TOKENS.maintainer, env: {} };
    const remote = openReasoner({ url: given.url('reasoner'), timeoutSeconds: 30 }, common);
    opened.push(remote);
    expect(openReasoner({ timeoutSeconds: 30 }, common).diagnose).toBe(inProcess.diagnose);
    await expect(remote.diagnose({} as never)).rejects.toMatchObject({ code: 'plan-invalid' });
  });

  it('is away: that is worth a retry, and says where it was looked for', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const reasoner = elsewhere({ url: `http://127.0.0.1:${port}/mcp/reasoner`, token: () => undefined });
    await expect(reasoner.diagnose({} as never)).rejects.toMatchObject({
      code: 'model-unavailable',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    const missing = elsewhere({ command: ['/nowhere/reasoner'], env: {} });
    await expect(missing.diagnose({} as never)).rejects.toMatchObject({ code: 'model-unavailable' });
  });

  it('does not let us in: that is for the operator', async () => {
    const given = await agentWorld();
    await expect(elsewhere(overHttp(given, 'a-token-of-nobody')).diagnose({} as never)).rejects.toMatchObject({ code: 'not-permitted' });
  });

  it('never answers: the question is bounded', async () => {
    const given = await agentWorld({
      reasoner: { diagnose: () => new Promise(() => undefined), propose: () => new Promise(() => undefined) },
    });
    const { incident, policy } = await fileOf(given);
    const question = elsewhere(overHttp(given), 500).diagnose({ incident, policy, digest: null, reproduction: null, baseRed: null });
    await expect(question).rejects.toMatchObject({ code: 'model-unavailable' });
  });

  it('answers what does not fit, and nothing of it is used', async () => {
    const wrong = { class: 'code', cause: 'x', confidence: 7, evidence: [] };
    const given = await agentWorld({
      reasoner: {
        diagnose: () => Promise.resolve(wrong as never),
        propose: () => Promise.resolve({ kind: 'run', run: 'rm -rf /' } as never),
      },
    });
    const { incident, policy } = await fileOf(given);
    const reasoner = elsewhere(overHttp(given));
    await expect(reasoner.diagnose({ incident, policy, digest: null, reproduction: null, baseRed: null })).rejects.toMatchObject({
      code: 'bug',
    });
  });

  it('answers without end, and is cut off', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1024 ** 2, 0x20);
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const reasoner = elsewhere({ url: `http://127.0.0.1:${port}/mcp`, token: () => undefined });
      await expect(reasoner.diagnose({} as never)).rejects.toMatchObject({ code: 'model-unavailable' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

/** An incident with its policy, as the forge has them. */
async function fileOf({ world }: AgentWorld) {
  const incident = await incidentOf(world.activities, { sha: world.green });
  return Dossier.parse(JSON.parse(new TextDecoder().decode(await world.deps.artifacts.get(incident.dossier))));
}

describe('the client of a reasoner', () => {
  it('checks every answer again, whatever its server let through', async () => {
    const loose = (name: string, output: object) =>
      defineTool({
        name,
        title: name,
        description: name,
        input: z.looseObject({}),
        output: z.looseObject({}),
        effect: 'reads',
        idempotent: true,
        least: 'outsider',
        run: () => Promise.resolve({ ...output }),
      });
    const given = await agentWorld({
      reasonerTools: [
        loose('diagnose', { diagnosis: { class: 'nonsense', cause: 'x', confidence: 1, evidence: [] } }),
        loose('propose_fix', {
          climb: { kind: 'plan', strategy: 'x', refusals: [], plan: { steps: [{ kind: 'write-text', path: '../../etc/passwd' }] } },
        }),
      ],
    });
    const reasoner = elsewhere(overHttp(given));
    await expect(reasoner.diagnose({} as never)).rejects.toMatchObject({
      code: 'plan-invalid',
      message: expect.stringContaining('diagnosis.class'),
    });
    await expect(reasoner.propose({} as never)).rejects.toMatchObject({ code: 'plan-invalid' });
  });
});
