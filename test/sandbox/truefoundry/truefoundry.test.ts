import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inputRoute, resultRoute } from '../../../src/http/exchange-route.ts';
import { DEFAULT_LIMITS } from '../../../src/sandbox/contract.ts';
import { createTrueFoundrySandbox, type TrueFoundryOptions } from '../../../src/sandbox/truefoundry/index.ts';
import { createExchange } from '../../../src/store/exchange.ts';
import { openTrueFoundry, STAND_IN_TOKEN, type TrueFoundryStandIn } from '../../support/truefoundry/stand-in.ts';
import { describeSandboxContract } from '../contract-suite.ts';
import { jobOf } from '../support.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'suture-truefoundry-'));
const exchange = createExchange(join(stateDir, 'exchange'), 'exchange-key-of-a-test');
let standIn: TrueFoundryStandIn;
let door: Server;
let options: TrueFoundryOptions;

beforeAll(async () => {
  standIn = await openTrueFoundry();
  const app = express();
  app.get(
    '/exchange/:id/input',
    inputRoute(exchange, () => new Date()),
  );
  app.put(
    '/exchange/:id/result',
    resultRoute(exchange, () => new Date()),
  );
  door = app.listen(0, '127.0.0.1');
  await once(door, 'listening');
  options = {
    url: standIn.url,
    token: STAND_IN_TOKEN,
    workspace: 'cluster-1:sandbox',
    application: 'suture-sandbox',
    image: `example/toolchains@sha256:${'1'.repeat(64)}`,
    exchange: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
    egressRestricted: true,
    limits: { ...DEFAULT_LIMITS, workspaceBytes: 64 * 1024 ** 2 },
    pollMs: 25,
    startMs: 5_000,
  };
});
afterAll(async () => {
  await standIn.close();
  door.closeAllConnections();
  door.close();
  rmSync(stateDir, { recursive: true, force: true });
});
afterEach(() => {
  for (const name of Object.keys(standIn.faults) as (keyof typeof standIn.faults)[]) standIn.faults[name] = 0;
});
const create = (more: Partial<TrueFoundryOptions> = {}) =>
  createTrueFoundrySandbox({ stateDir, exchange, truefoundry: { ...options, ...more } });

describeSandboxContract('truefoundry (a stand-in for its control plane)', () => create(), 'platform');

describe('a TrueFoundry workspace, a stand-in for the platform', { timeout: 60_000 }, () => {
  const runs = () => standIn.runs().map(({ status }) => status);
  const triggers = () => standIn.calls.filter((call) => call.endsWith('/jobs/trigger')).length;

  it('is told an id and a ticket for each run, never a command or a file of the repository', async () => {
    const before = standIn.calls.length;
    await create().run(jobOf(['echo very-own-command'], { secrets: { DB_PASSWORD: 'open sesame' } }));
    expect(standIn.calls.length).toBeGreaterThan(before);
    const said = JSON.stringify([standIn.manifests, standIn.runs()]);
    expect(said).not.toContain('very-own-command');
    expect(said).not.toContain('open sesame');
  });

  it('keeps neither runs nor files of jobs that are over', async () => {
    await create().run(jobOf(['true']));
    expect(runs()).toEqual([]);
    expect(readdirSync(join(stateDir, 'exchange'))).toEqual([]);
  });

  it('is unavailable while nobody restricted what its pods may reach, and says what to do', async () => {
    expect(await create({ egressRestricted: false }).preflight()).toMatchObject({
      available: false,
      findings: [{ name: 'egress', ok: false, detail: expect.stringMatching(/NetworkPolicy/) }],
    });
  });

  it('is unavailable with another token or another workspace, and says so', async () => {
    expect((await create({ token: 'wrong' }).preflight()).findings.at(-1)?.detail).toMatch(/truefoundry-api-key/);
    expect((await create({ workspace: 'cluster-1:other' }).preflight()).findings.at(-1)?.detail).toMatch(/no workspace/);
  });

  it('is unavailable when the application is not deployed', async () => {
    standIn.faults.failDeploys = 1;
    expect((await create().preflight()).findings.at(-1)?.detail).toMatch(/DEPLOY_FAILED no nodes/);
  });

  it('never starts a second run when the answer to a trigger is lost', async () => {
    const sandbox = create();
    await sandbox.preflight();
    standIn.faults.loseTriggers = 1;
    const before = triggers();
    expect((await sandbox.run(jobOf(['echo once']))).steps[0]?.output).toBe('once\n');
    expect(triggers() - before).toBe(1);
  });

  it('goes on when the answer to its set-up is lost', async () => {
    standIn.faults.loseApplies = 1;
    expect((await create().preflight()).available).toBe(true);
  });

  it('ends a run that does not begin, and says so', async () => {
    const sandbox = create({ startMs: 300 });
    await sandbox.preflight();
    standIn.faults.stuck = 1;
    await expect(sandbox.run(jobOf(['true']))).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringMatching(/did not begin \(CREATED\)/),
    });
    expect(runs()).toEqual([]);
  });

  it('waits through states that tell nothing and through errors', async () => {
    const sandbox = create();
    await sandbox.preflight();
    standIn.faults.unknown = 3;
    standIn.faults.errors = 3;
    expect((await sandbox.run(jobOf(['echo fine']))).steps[0]?.output).toBe('fine\n');
  });

  it('deletes a run as often as it takes', async () => {
    const sandbox = create();
    await sandbox.preflight();
    standIn.faults.busy = 3;
    await sandbox.run(jobOf(['true']));
    expect(runs()).toEqual([]);
  });

  it('hands on the log in order, also when it comes late, and needs none of it for the result', async () => {
    const sandbox = create();
    const seen: string[] = [];
    standIn.faults.logLagMs = 100;
    const result = await sandbox.run(jobOf(['for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done']), {
      onOutput: (bytes) => seen.push(Buffer.from(bytes).toString()),
    });
    expect(result.steps[0]?.output).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).toEqual([...seen].sort());
  });

  it('reports a run that the platform ended for its memory', async () => {
    const sandbox = create();
    await sandbox.preflight();
    standIn.faults.vanish = 1;
    expect((await sandbox.run(jobOf(['true']))).steps).toMatchObject([
      { exitCode: null, signal: 'SIGKILL', killedBy: 'memory', oomKilled: true },
    ]);
  });

  it('takes over the run of a worker that died, and reads what it came to', async () => {
    const job = jobOf(['sleep 0.5; echo result; date +%N > a.txt'], { collectChanges: { only: [] } });
    const dead = new AbortController();
    const before = triggers();
    // A worker that is killed neither terminates nor deletes: a second one that comes meanwhile finds the run.
    const first = create().run(job, { signal: dead.signal });
    while (standIn.runs().every(({ status }) => status !== 'RUNNING')) await new Promise((next) => setTimeout(next, 10));
    const second = create().run(job);
    const [one, two] = await Promise.allSettled([first, second]);
    expect(triggers() - before).toBe(1);
    const results = [one, two].flatMap((each) => (each.status === 'fulfilled' ? [each.value.steps[0]?.output] : []));
    expect(results.length).toBeGreaterThan(0);
    expect(new Set(results)).toEqual(new Set(['result\n']));
  });

  it('terminates and deletes a run that is cancelled', async () => {
    const stop = new AbortController();
    const running = create().run(jobOf(['sleep 600']), { signal: stop.signal });
    while (standIn.runs().every(({ status }) => status !== 'RUNNING')) await new Promise((next) => setTimeout(next, 10));
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(runs()).toEqual([]);
  });

  const terminate = async (name: string): Promise<void> => {
    await fetch(`${standIn.url}/api/svc/v1/jobs/terminate?deploymentId=deployment-1&jobRunName=${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${STAND_IN_TOKEN}` },
    });
  };
  const running = async (): Promise<string> => {
    for (;;) {
      const run = standIn.runs().find(({ status }) => status === 'RUNNING');
      if (run !== undefined) return run.name;
      await new Promise((next) => setTimeout(next, 10));
    }
  };

  it('never takes a run that somebody else terminated for one that ran out of its time', async () => {
    const ended = create().run(jobOf(['sleep 600']));
    ended.catch(() => undefined);
    await terminate(await running());
    await expect(ended).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringMatching(/terminated by somebody else/),
    });
    expect(runs()).toEqual([]);
  });

  it('starts anew where the run that is there is being ended', async () => {
    const job = jobOf(['sleep 0.3; echo result']);
    const before = triggers();
    // Its worker polls so seldom that it sees nothing of all this.
    const first = create({ pollMs: 5_000 }).run(job);
    first.catch(() => undefined);
    await terminate(await running());
    expect((await create().run(job)).steps[0]?.output).toBe('result\n');
    expect(triggers() - before).toBe(2);
    await expect(first).rejects.toMatchObject({ code: 'sandbox-unavailable' });
  });

  it('refuses jobs that want endpoints, because nothing would carry them', async () => {
    const endpoints = [{ name: 'db.test', port: 5432, host: '127.0.0.1', targetPort: 1 }];
    await expect(create().run(jobOf(['true'], { endpoints }))).rejects.toMatchObject({ code: 'sandbox-unavailable' });
  });
});
