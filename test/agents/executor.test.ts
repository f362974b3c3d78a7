import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Executor } from '../../src/agents/contract.ts';
import { remoteExecutor } from '../../src/agents/executor/client.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { SandboxJobSpec } from '../../src/domain/sandbox-job.schema.ts';
import { push } from '../../src/integrations/local/admin.ts';
import { SHOP } from '../integrations/local/support.ts';
import { HEALING } from '../support/activity-world.ts';
import { type AgentWorld, agentWorld, TOKENS } from './world.ts';

const GOOD = { op: 'write', path: 'config.yaml', mode: '100644', content: Buffer.from('mode: good\n').toString('base64') } as const;
const DIFF = `diff --git a/config.yaml b/config.yaml
--- a/config.yaml
+++ b/config.yaml
@@ -1 +1 @@
-mode: broken
+mode: good
`;
const MIA = { id: 'mia', trust: 'maintainer' } as const;

let given: AgentWorld;
let executor: Executor & { close(): Promise<void> };
beforeEach(async () => {
  given = await agentWorld();
  await push(given.world.forgeDir, SHOP, { branch: 'main', files: { 'config.yaml': 'mode: broken\n' }, message: 'Tune', actor: 'dev' });
  executor = remoteExecutor({ url: given.url('executor'), token: () => TOKENS.maintainer });
});
afterEach(() => executor.close());

describe('validate', () => {
  it('proves a change of files by the rules of our own repairs, and tells how far it is', async () => {
    const lines: string[] = [];
    const {
      proof,
      runs,
      change_set: changeSet,
    } = await executor.validate({ repo: SHOP, check: 'unit', change: { files: [GOOD] } }, MIA, { onProgress: (line) => lines.push(line) });
    expect(proof).toMatchObject({
      verdict: 'proven',
      redAtBase: true,
      greenWithChange: true,
      greenAgain: true,
      redAgain: true,
      rounds: 3,
      newlyRed: [],
    });
    expect(changeSet).toMatchObject({ paths: ['config.yaml'], files: 1 });
    expect(runs.map(({ what, exitCode }) => [what, exitCode])).toEqual([
      ['without the change, run 1', 1],
      ['without the change, run 2', 1],
      ['with the change', 0],
      ['lint without the change', 0],
      ['lint with the change', 0],
      ['with the change, again', 0],
      ['without the change, after it was green with it', 1],
      ...[1, 2, 3].flatMap((round) => [
        [`without the change, round ${round}`, 1],
        [`with the change, round ${round}`, 0],
      ]),
    ]);
    expect(lines).toEqual(runs.map(({ what }) => what));
    expect(await given.world.actions()).toContain('command-run');
  });

  it('takes a unified diff, exactly or not at all', async () => {
    expect((await executor.validate({ repo: SHOP, check: 'unit', change: { diff: DIFF } }, MIA)).proof.verdict).toBe('proven');
    const off = DIFF.replace('-mode: broken', '-mode: elsewhere');
    await expect(executor.validate({ repo: SHOP, check: 'unit', change: { diff: off } }, MIA)).rejects.toMatchObject({
      code: 'plan-invalid',
    });
  });

  it.each([
    ['out of the repository', DIFF.replaceAll('config.yaml', '../../etc/passwd')],
    ['into .git', DIFF.replaceAll('config.yaml', '.git/hooks/post-checkout')],
    ['nowhere', 'please merge this'],
    ['to a file that is not there', DIFF.replaceAll('config.yaml', 'absent.yaml')],
  ])('refuses a diff that goes %s', async (_where, diff) => {
    await expect(executor.validate({ repo: SHOP, check: 'unit', change: { diff } }, MIA)).rejects.toMatchObject({ code: 'plan-invalid' });
    expect(given.world.jobs).toEqual([]);
  });

  it('does not call a change proven that mends nothing', async () => {
    const nothing = { ...GOOD, path: 'other.yaml' };
    const { proof, runs } = await executor.validate({ repo: SHOP, check: 'unit', change: { files: [nothing] } }, MIA);
    expect(proof).toMatchObject({ verdict: 'not-fixed', greenWithChange: false });
    expect(runs).toHaveLength(3);
  });

  it('does not call a change proven that takes the test away', async () => {
    const cheat = { op: 'delete', path: 'tests/test_auth.py' } as const;
    const { proof } = await executor.validate({ repo: SHOP, check: 'unit', change: { files: [GOOD, cheat] } }, MIA);
    expect(proof.verdict).toBe('gate-refused');
    expect(proof.findings.length).toBeGreaterThan(0);
  });

  it('says not reproduced where the base is green', async () => {
    const { proof } = await executor.validate({ repo: SHOP, base: given.world.green, check: 'unit', change: { files: [GOOD] } }, MIA);
    expect(proof.verdict).toBe('not-reproduced');
  });

  it('goes on with the same validation under the same key, and begins a new one without', async () => {
    const request = { repo: SHOP, check: 'unit', change: { files: [GOOD] }, key: 'once' };
    await executor.validate(request, MIA);
    const jobs = given.world.jobs.length;
    await executor.validate(request, MIA);
    expect(given.world.jobs).toHaveLength(jobs);
    const { key: _key, ...fresh } = request;
    await executor.validate(fresh, MIA);
    expect(given.world.jobs.length).toBeGreaterThan(jobs);
  });

  it('runs the commands of the policy and names them to who asks for another', async () => {
    const asked = executor.validate({ repo: SHOP, check: 'rm -rf /', change: { files: [GOOD] } }, MIA);
    await expect(asked).rejects.toMatchObject({ code: 'plan-invalid', message: expect.stringContaining('unit, lint') });
  });
});

describe('run_sandbox_job', () => {
  const spec = (over: object = {}) =>
    SandboxJobSpec.parse({
      version: 1,
      name: 'look',
      base: { repository: 'acme/shop' },
      steps: [{ name: 'tests', run: 'unittest' }],
      ...over,
    });

  it('runs a job as data from another process; red is a result', async () => {
    const report = await executor.runJob(spec({ report: { format: 'unittest' } }));
    expect(report).toMatchObject({ passed: false, isolation: 'fake', steps: [{ name: 'tests', exitCode: 1 }] });
    expect(report.report?.tests.filter(({ status }) => status === 'failed')).toHaveLength(1);
    const mended = await executor.runJob(spec({ files: [{ path: 'config.yaml', content: 'mode: good\n' }] }));
    expect(mended.passed).toBe(true);
  });

  it('takes the same as YAML and names the line of a mistake', async () => {
    const client = await given.client('executor');
    const yaml = 'version: 1\nname: look\nbase: { repository: acme/shop }\nsteps:\n  - { name: tests, run: "true" }\n';
    expect((await client.callTool({ name: 'run_sandbox_job', arguments: { yaml } })).structuredContent).toMatchObject({ passed: true });
    const wrong = await client.callTool({ name: 'run_sandbox_job', arguments: { yaml: `${yaml}privileged: true\n` } });
    expect(wrong.isError).toBe(true);
    expect(JSON.stringify(wrong.content)).toMatch(/yaml:6.*privileged/);
  });

  it.each(['/etc', '../shop', 'acme/other', 'acme/shop/x'])('reads no base from %s', async (repository) => {
    await expect(executor.runJob(spec({ base: { repository } }))).rejects.toMatchObject({ name: 'Failure' });
    expect(given.world.jobs).toEqual([]);
  });

  it('gives endpoints and test secrets of a repository to maintainers alone, and of no other repository', async () => {
    await expect(executor.runJob(spec({ for: 'acme/other' }))).rejects.toMatchObject({ code: 'plan-invalid' });
    const cleo = remoteExecutor({ url: given.url('executor'), token: () => TOKENS.collaborator });
    await expect(cleo.runJob(spec({ for: 'acme/shop' }))).rejects.toMatchObject({ code: 'not-permitted' });
    expect(given.world.jobs).toEqual([]);
    expect((await cleo.runJob(spec())).steps).toHaveLength(1);
    await cleo.close();
    const otto = remoteExecutor({ url: given.url('executor'), token: () => TOKENS.outsider });
    await expect(otto.runJob(spec())).rejects.toMatchObject({ code: 'not-permitted' });
    await otto.close();
  });
});

describe('what became of a repair', () => {
  const view = (over: Partial<HealingView>): HealingView => ({
    healingId: HEALING,
    repo: SHOP,
    subject: 'branch/main',
    state: 'proving',
    attempt: 1,
    title: 'unit fails',
    paused: false,
    signals: 1,
    timeline: [],
    ...over,
  });
  const approval = { changeSetHash: 'b'.repeat(64), approvers: [], paths: [], reasons: [] };

  it.each([
    ['at-work', view({}), 1],
    ['paused', view({ paused: true }), 0],
    ['waits-for-approval', view({ state: 'awaiting-approval', approval }), 0],
    ['open', view({ pullRequest: { number: 7, url: 'http://forge/7', branch: 'suture/x' } }), 0],
    ['ended', view({ state: 'closed', outcome: { kind: 'abstained', reason: 'flaky', detail: 'red and green' } }), 0],
  ] as const)('open_pull_request answers %s and pushes nothing but a healing at work', async (status, shown, nudges) => {
    const { client, did } = await agentWorld({ views: new Map([[HEALING, shown]]) });
    const answer = await (await client('executor')).callTool({ name: 'open_pull_request', arguments: { incident: HEALING } });
    expect(answer.structuredContent).toMatchObject({ status });
    expect(did.nudged).toHaveLength(nudges);
  });

  it('deployment_result reads, and is unknown for what nobody reported', async () => {
    const views = new Map([[HEALING, view({ outcome: { kind: 'healed', reason: 'verified', detail: 'well' }, state: 'closed' })]]);
    const executorClient = await (await agentWorld({ views })).client('executor', TOKENS.outsider);
    const read = await executorClient.callTool({ name: 'deployment_result', arguments: { incident: HEALING } });
    expect(read.structuredContent).toMatchObject({ status: 'healed', verified: true });
    expect((await executorClient.callTool({ name: 'deployment_result', arguments: { incident: `${HEALING}x` } })).isError).toBe(true);
  });
});
