import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AGENT_IDS, type AgentId } from '../../src/domain/agent-id.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { HEALING, HELD_SECRET } from '../support/activity-world.ts';
import { agentWorld, TOKENS } from './world.ts';

const HASH = 'a'.repeat(64);
const WAITING: HealingView = {
  healingId: HEALING,
  repo: { owner: 'acme', name: 'shop' },
  subject: 'branch/main',
  state: 'awaiting-approval',
  attempt: 1,
  title: 'unit fails',
  approval: { changeSetHash: HASH, approvers: ['mia'], paths: ['config.yaml'], reasons: ['the policy asks'] },
  paused: false,
  signals: 1,
  timeline: [{ at: '2026-11-25T12:00:00.000Z', state: 'received', text: 'check unit failed' }],
};
const views = new Map([[HEALING, WAITING]]);

const TOOLS: Readonly<Record<AgentId, readonly string[]>> = {
  monitor: ['report_problem', 'list_incidents', 'get_incident', 'correlate', 'take_over', 'reject', 'register_webhooks', 'setup_monitors'],
  reasoner: ['diagnose', 'propose_fix'],
  executor: ['run_sandbox_job', 'validate', 'open_pull_request', 'deployment_result'],
};

/** The text of a failed call. */
const failure = (result: { readonly isError?: boolean | undefined; readonly content: unknown }): string => {
  expect(result.isError).toBe(true);
  return JSON.stringify(result.content);
};

describe('tool lists', () => {
  it.each(AGENT_IDS)('of the %s are complete: typed in and out, with hints and words', async (id) => {
    const { client } = await agentWorld();
    const { tools } = await (await client(id)).listTools();
    expect(tools.map(({ name }) => name)).toEqual(TOOLS[id]);
    for (const tool of tools) {
      expect(tool.inputSchema, tool.name).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.outputSchema, tool.name).toMatchObject({ type: 'object' });
      expect(tool.annotations, tool.name).toMatchObject({ openWorldHint: false });
      expect(tool.annotations?.readOnlyHint === true && tool.annotations.destructiveHint === true, tool.name).toBe(false);
      expect(tool.description?.length, tool.name).toBeGreaterThan(60);
    }
  });

  it('hold no tool that grants an approval, under any name or value', async () => {
    const { agents } = await agentWorld();
    for (const { tools } of Object.values(agents)) {
      for (const { name, input } of tools) {
        expect(name).not.toMatch(/approv|grant|accept|confirm|merge|deploy(?!ment_result)/);
        const values = JSON.stringify(z.toJSONSchema(input, { io: 'input' }));
        expect(values, name).not.toMatch(/"(enum|const)":[^}]*"(approve|approved|grant|accept)"/);
      }
    }
  });

  it('are written nowhere near a yes: no file of the agents can say approve', () => {
    const roots = ['../../src/agents', '../../src/cli/agents'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
    const files = roots.flatMap((root) =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(root, name)),
    );
    expect(files.length).toBeGreaterThan(25);
    for (const file of files) expect(readFileSync(file, 'utf8'), file).not.toMatch(/['"]approve['"]/);
  });
});

describe('the Monitor', () => {
  it('takes a report with the identity of the token, whatever the call says', async () => {
    const { client, did } = await agentWorld();
    const call = { repository: 'acme/shop', summary: 'login fails', check: 'unit', kind: 'check-failed' };
    const monitor = await client('monitor', TOKENS.collaborator);
    const answer = await monitor.callTool({ name: 'report_problem', arguments: call });
    expect(answer.structuredContent).toEqual({ incident: 'heal/acme/shop/manual/test', taken: true });
    expect(JSON.parse((answer.content[0] as { text: string }).text)).toEqual(answer.structuredContent);
    expect(did.reports).toMatchObject([
      { report: { repository: { owner: 'acme', name: 'shop' } }, by: { id: 'cleo', trust: 'collaborator' } },
    ]);
    expect(did.recorded).toEqual([{ tool: 'report_problem', by: 'cleo', result: 'done' }]);
    const claimed = await monitor.callTool({ name: 'report_problem', arguments: { ...call, actor: { id: 'mia', trust: 'maintainer' } } });
    expect(claimed.isError).toBe(true);
    expect(did.reports).toHaveLength(1);
  });

  it.each([
    ['a path instead of a repository', { repository: '../../etc', summary: 'x' }],
    ['a repository with a third part', { repository: 'acme/shop/x', summary: 'x' }],
    ['a command', { repository: 'acme/shop', summary: 'x', run: 'rm -rf /' }],
    ['a subject of another kind', { repository: 'acme/shop', summary: 'x', subject: 'repo/acme' }],
    ['no summary', { repository: 'acme/shop', summary: '\u001b[2J' }],
    [
      'more facts than fit',
      { repository: 'acme/shop', summary: 'x', facts: { a: 'y'.repeat(400), b: 'y'.repeat(400), c: 'y'.repeat(400), d: 'y'.repeat(400) } },
    ],
  ])('refuses a report with %s', async (_what, given) => {
    const { client, did } = await agentWorld();
    const answer = await (await client('monitor')).callTool({ name: 'report_problem', arguments: given });
    expect(answer.isError).toBe(true);
    expect(did.reports).toEqual([]);
  });

  it('says what an incident waits for and who decides', async () => {
    const { client } = await agentWorld({ views });
    const monitor = await client('monitor', TOKENS.outsider);
    const { structuredContent } = await monitor.callTool({ name: 'get_incident', arguments: { incident: HEALING } });
    expect(structuredContent).toMatchObject({ state: 'awaiting-approval', waits_for: { who: 'mia', change_set_hash: HASH } });
    const listed = await monitor.callTool({ name: 'list_incidents', arguments: {} });
    expect(listed.structuredContent).toMatchObject({ incidents: [{ incident: HEALING, running: true, state: 'awaiting-approval' }] });
  });

  it.each(['heal/acme/shop/manual/nobody', 'repo/acme/shop', 'heal/../../x', `heal/acme/shop/manual/${'x'.repeat(500)}`])(
    'knows no incident %s',
    async (incident) => {
      const { client } = await agentWorld({ views });
      const answer = await (await client('monitor')).callTool({ name: 'get_incident', arguments: { incident } });
      expect(answer.isError).toBe(true);
    },
  );

  it('hands an incident over to who takes it, under the name of their token, once', async () => {
    const { client, did } = await agentWorld({ views });
    const monitor = await client('monitor', TOKENS.collaborator);
    const call = { name: 'take_over', arguments: { incident: HEALING, why: 'I know the cause' } };
    expect((await monitor.callTool(call)).structuredContent).toEqual({ result: 'applied', detail: 'done' });
    await monitor.callTool(call);
    expect(new Set(did.stopped.map(({ request }) => request.id)).size).toBe(1);
    expect(did.stopped[0]?.request).toMatchObject({ actor: { id: 'cleo' }, comment: 'taken over by cleo: I know the cause' });
  });

  it('carries a no to the change that was seen, and says when it is not heard', async () => {
    const { client, did } = await agentWorld({ views });
    const answer = await (await client('monitor', TOKENS.collaborator)).callTool({
      name: 'reject',
      arguments: { incident: HEALING, change_set_hash: HASH, why: 'too broad' },
    });
    expect(answer.structuredContent).toEqual({ result: 'refused', detail: 'NotAnApprover: cleo may not decide' });
    expect(did.rejected).toMatchObject([{ incident: HEALING, rejection: { changeSetHash: HASH, comment: 'too broad' } }]);
    expect(Object.keys(did.rejected[0]?.rejection ?? {})).not.toContain('verdict');
  });

  it('lets outsiders report and look, and end nothing', async () => {
    const { client, did } = await agentWorld({ views });
    const monitor = await client('monitor', TOKENS.outsider);
    const ends = { incident: HEALING, why: 'because', change_set_hash: HASH };
    const { change_set_hash: _hash, ...takes } = ends;
    expect(failure(await monitor.callTool({ name: 'take_over', arguments: takes }))).toContain('not-permitted');
    expect(failure(await monitor.callTool({ name: 'reject', arguments: ends }))).toContain('not-permitted');
    expect([did.stopped, did.rejected]).toEqual([[], []]);
    expect(did.recorded.map(({ result }) => result)).toEqual(['not-permitted', 'not-permitted']);
    const reported = await monitor.callTool({ name: 'report_problem', arguments: { repository: 'acme/shop', summary: 'x' } });
    expect(reported.isError).not.toBe(true);
    expect(did.reports[0]?.by.trust).toBe('outsider');
  });

  it.each(['register_webhooks', 'setup_monitors'])(
    'shows what %s would do unless it is told to, and does it for maintainers alone',
    async (name) => {
      const { client, did } = await agentWorld();
      const maintainer = await client('monitor');
      expect((await maintainer.callTool({ name, arguments: {} })).structuredContent).toMatchObject({ applied: false });
      expect(did.setUp).toEqual([]);
      expect(failure(await (await client('monitor', TOKENS.collaborator)).callTool({ name, arguments: { apply: true } }))).toContain(
        'not-permitted',
      );
      expect(did.setUp).toEqual([]);
      expect((await maintainer.callTool({ name, arguments: { apply: true } })).structuredContent).toMatchObject({ applied: true });
      expect(did.setUp).toHaveLength(1);
      const elsewhere = await maintainer.callTool({ name, arguments: { apply: true, url: 'https://evil.example' } });
      expect(elsewhere.isError).toBe(true);
    },
  );

  it('says an error of its own without telling what it holds', async () => {
    const broken = new Map(views);
    broken.get = () => {
      throw new Error(`boom ${HELD_SECRET}`);
    };
    const { client, did } = await agentWorld({ views: broken });
    const answer = await (await client('monitor')).callTool({ name: 'get_incident', arguments: { incident: HEALING } });
    expect(failure(answer)).toBe('[{"type":"text","text":"bug: an error of Suture itself; its log has more"}]');
    expect(did.logged.map(({ message }) => message)).toContain('a tool failed');
  });
});
