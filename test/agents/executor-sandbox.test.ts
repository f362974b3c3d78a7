import { afterEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/index.ts';
import { jobOfSpec } from '../../src/activities/job-of-spec.ts';
import { remoteExecutor } from '../../src/agents/executor/client.ts';
import { executorSandbox } from '../../src/agents/executor/sandbox.ts';
import { openExecutorSandbox } from '../../src/agents/registry.ts';
import { parseSandboxJob } from '../../src/config/index.ts';
import { push } from '../../src/integrations/local/admin.ts';
import { DEFAULT_LIMITS, type Sandbox, type SandboxJob } from '../../src/sandbox/contract.ts';
import { SHOP } from '../integrations/local/support.ts';
import { incidentOf } from '../support/activity-world.ts';
import { type AgentWorld, agentWorld, TOKENS } from './world.ts';

type Elsewhere = Sandbox & { close(): Promise<void> };

const opened: Elsewhere[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** The sandbox of an executor at this address, as the worker opens it. */
function elsewhere(url: string, token: string = TOKENS.maintainer): Elsewhere {
  const sandbox = openExecutorSandbox({ url }, { token: () => token, env: {} });
  if (sandbox === null) throw new Error('it names an address');
  opened.push(sandbox);
  return sandbox;
}

/** A red main, as an incident. */
async function incidentIn({ world }: AgentWorld) {
  const { sha } = await push(world.forgeDir, SHOP, {
    branch: 'main',
    files: { 'config.yaml': 'mode: broken\n' },
    message: 'Tune',
    actor: 'dev',
  });
  const incident = await incidentOf(world.activities, { sha });
  return { sha, dossier: incident.dossier };
}

describe('the worker with its sandbox at an executor elsewhere', () => {
  it('learns of a run what it learns of one in its own sandbox', async () => {
    const given = await agentWorld();
    const { world } = given;
    const { sha, dossier } = await incidentIn(given);
    const there = createActivities({ ...world.deps, sandbox: elsewhere(given.url('executor')) });
    const run = { dossier, command: 'unit', sha };
    const ours = await world.activities.runCommand({ ...run, key: 'here' });
    const theirs = await there.runCommand({ ...run, key: 'there' });
    expect(theirs).toEqual(ours);
    expect(ours).toMatchObject({ exitCode: 1, report: { passed: 1, failed: 1 } });
    // The same job, but for its name: nothing got lost on the way there.
    const [here, arrived] = world.jobs.map((each) => ({ ...each, openBase: null, name: null, revision: null }));
    expect(arrived).toEqual(here);
    expect(await there.runCommand({ ...run, key: 'there' })).toEqual(theirs);
    expect(world.jobs).toHaveLength(2);
  });

  it('sends a change set along, and takes back what a tool changed', async () => {
    const given = await agentWorld();
    const changed = await elsewhere(given.url('executor')).run(
      job(given, {
        files: [
          { op: 'write', path: 'tool.sh', mode: '100755', content: Buffer.from('true').toString('base64') },
          { op: 'write', path: 'big.bin', mode: '100644', content: Buffer.alloc(3 * 1024 ** 2, 7).toString('base64') },
          { op: 'delete', path: 'tests/test_auth.py' },
        ],
        steps: [{ name: 'format', run: './format' }],
        collectChanges: { only: [] },
        resolves: true,
        repository: 'acme/shop',
      }),
    );
    expect(changed.changes).toEqual([{ op: 'write', path: 'app.py', mode: '100644', content: Buffer.from('x = 1\n').toString('base64') }]);
    const [arrived] = given.world.jobs;
    expect(arrived).toMatchObject({ resolves: true, repository: 'acme/shop' });
    expect(arrived?.files.map((file) => [file.path, file.op === 'write' ? file.mode : file.op])).toEqual([
      ['tool.sh', '100755'],
      ['big.bin', '100644'],
      ['tests/test_auth.py', 'delete'],
    ]);
  });

  it('is in this process where the configuration names no other', () => {
    expect(openExecutorSandbox({}, { token: () => undefined, env: {} })).toBeNull();
  });

  it('sends nothing that is no data, and lets nobody reach registries without a repository', async () => {
    const given = await agentWorld();
    const sandbox = elsewhere(given.url('executor'));
    const { revision: _, ...unnamed } = job(given);
    await expect(sandbox.run(unnamed)).rejects.toMatchObject({ code: 'plan-invalid' });
    const kept = { ...job(given), keep: { paths: ['deps'], to: () => Promise.resolve() } };
    await expect(sandbox.run(kept)).rejects.toMatchObject({ code: 'plan-invalid' });
    await expect(sandbox.run(job(given, { resolves: true }))).rejects.toMatchObject({ code: 'plan-invalid' });
    await expect(sandbox.run(job(given, { steps: [] }))).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringContaining('steps'),
    });
    expect(given.world.jobs).toEqual([]);
    const yaml = 'version: 1\nname: a\nbase: { repository: . }\nresolves: true\nsteps:\n  - { name: a, run: "true" }\n';
    expect(() => jobOfSpec(parseSandboxJob(yaml, 'yaml'), DEFAULT_LIMITS, job(given).openBase)).toThrow('resolves');
  });

  it('is asked again where it does not answer, and not where it lets nobody in', async () => {
    const given = await agentWorld();
    const nobody = elsewhere('http://127.0.0.1:9/mcp/executor');
    await expect(nobody.run(job(given))).rejects.toMatchObject({
      code: 'executor-unavailable',
      message: expect.stringContaining('agents.executor'),
    });
    const asGuest = elsewhere(given.url('executor'), TOKENS.collaborator);
    await expect(asGuest.run(job(given, { repository: 'acme/shop' }))).rejects.toMatchObject({ code: 'not-permitted' });
    const unknown = elsewhere(given.url('executor'), 'nobody');
    await expect(unknown.run(job(given))).rejects.toMatchObject({ code: 'not-permitted' });
    expect(given.world.jobs).toEqual([]);
  });

  it('is found by the doctor where it is, and said to be missing where it is not', async () => {
    const given = await agentWorld();
    expect(await elsewhere(given.url('executor')).preflight()).toMatchObject({ available: true, findings: [{ ok: true }] });
    const wrong = await elsewhere(given.url('monitor')).preflight();
    expect(wrong).toMatchObject({ available: false, findings: [{ ok: false, detail: expect.stringContaining('run_sandbox_job') }] });
    const nobody = await elsewhere('http://127.0.0.1:9/mcp/executor').preflight();
    expect(nobody).toMatchObject({ available: false, findings: [{ ok: false, detail: expect.stringContaining('127.0.0.1:9') }] });
  });

  it('ends the job there when it is stopped here', async () => {
    let began: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      began = resolve;
    });
    let ended: unknown;
    const given = await agentWorld({
      sandbox: {
        run: (_job, { signal } = {}) =>
          new Promise((_resolve, reject) => {
            began();
            signal?.addEventListener('abort', () => {
              ended = 'aborted';
              reject(new Error('aborted'));
            });
          }),
      },
    });
    const stop = new AbortController();
    const run = elsewhere(given.url('executor')).run(job(given), { signal: stop.signal });
    await running;
    stop.abort();
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => ended).toBe('aborted');
  });

  it('hears that long work goes on, on which a connection would be cut otherwise', async () => {
    let heard: () => void = () => undefined;
    const often = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const given = await agentWorld({
      beatMs: 5,
      sandbox: {
        async run() {
          await often;
          return {
            steps: [],
            artifacts: new Map(),
            changes: [],
            refused: [],
            isolation: 'x',
            usage: { peakMemoryBytes: null },
            connections: [],
          };
        },
      },
    });
    const lines: string[] = [];
    await elsewhere(given.url('executor')).run(job(given), {
      onProgress(line) {
        lines.push(line);
        if (lines.length === 3) heard();
      },
    });
    expect(lines.slice(0, 3)).toEqual(['at work', 'at work', 'at work']);
  });
});

/** A job on the green main. */
function job({ world }: AgentWorld, over: Partial<SandboxJob> = {}): SandboxJob {
  return {
    name: 'run-0123456789abcdef0123456789abcdef',
    revision: { repository: 'acme/shop', sha: world.green },
    openBase: () => Promise.reject(new Error('the executor reads its base itself')),
    files: [],
    steps: [{ name: 'command', run: 'true' }],
    limits: DEFAULT_LIMITS,
    env: {},
    artifacts: [],
    collectChanges: null,
    ...over,
  };
}

describe('a sandbox at an executor', () => {
  it('leaves what it left to the executor', async () => {
    const given = await agentWorld();
    const executor = remoteExecutor({ url: given.url('executor'), token: () => TOKENS.maintainer });
    expect(await executorSandbox(executor).sweep()).toBe(0);
    await executor.close();
  });
});
