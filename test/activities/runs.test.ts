import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import type { RunFacts } from '../../src/domain/proof.schema.ts';
import type { HealthReading } from '../../src/integrations/contract.ts';
import { push, reportCheck } from '../../src/integrations/local/admin.ts';
import { SHOP } from '../integrations/local/support.ts';
import {
  type ActivityWorld,
  activityWorld,
  type Decide,
  FILES,
  HELD_SECRET,
  incidentOf,
  POLICY,
  unittestLog,
} from '../support/activity-world.ts';

async function dossierOf(world: ActivityWorld) {
  const { sha } = await push(world.forgeDir, SHOP, {
    branch: 'main',
    files: { 'config.yaml': 'mode: broken\n' },
    message: 'x',
    actor: 'dev',
  });
  await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
  const incident = await incidentOf(world.activities, { sha, service: 'shop' });
  return { dossier: incident.dossier, sha };
}

async function runWith(decide: Decide, policy = POLICY): Promise<{ readonly facts: RunFacts; readonly world: ActivityWorld }> {
  const world = await activityWorld({ decide, files: { ...FILES, '.github/suture.yml': policy } });
  const { dossier, sha } = await dossierOf(world);
  return { facts: await world.activities.runCommand({ key: 'k', dossier, command: 'unit', sha }), world };
}

describe('a run', () => {
  it('is no verdict on the code when its set-up failed', async () => {
    const policy = POLICY.replace('    run: python3 -m unittest -v', '    setup: ./install\n    run: python3 -m unittest -v');
    const { facts } = await runWith((run) => ({ exitCode: run === './install' ? 3 : 0, output: 'no network\n' }), policy);
    expect(facts).toMatchObject({ setupFailed: true, exitCode: 3, excerpt: 'no network' });
    expect(facts.report).toBeUndefined();
  });

  it('tells that it was ended by a limit', async () => {
    const { facts } = await runWith(() => ({ exitCode: null, signal: 'SIGKILL', timedOut: true, killedBy: 'timeout', output: 'waiting' }));
    expect(facts).toMatchObject({ timedOut: true, killedBy: 'timeout', exitCode: null });
  });

  it('shows people output without secrets and without what acts on a terminal', async () => {
    const { facts, world } = await runWith(() => ({ exitCode: 1, output: `\u001b[31m${HELD_SECRET}\u001b[0m\u202e\n` }));
    expect(facts.excerpt).toBe('[redacted][U+202E]');
    expect(Buffer.from(await world.deps.artifacts.get(facts.log)).toString()).not.toContain(HELD_SECRET);
  });

  it('keeps history small when it prints without end', async () => {
    const { facts } = await runWith(() => ({ exitCode: 1, output: 'é'.repeat(500_000) }));
    expect(JSON.stringify(facts).length).toBeLessThan(4_000);
  });

  it('is not remembered when it was stopped', async () => {
    let stopped = true;
    const world = await activityWorld({
      decide: () => {
        if (stopped) throw new Failure('cancelled', 'stopped');
        return { exitCode: 1 };
      },
    });
    const { dossier, sha } = await dossierOf(world);
    await expect(world.activities.runCommand({ key: 'k', dossier, command: 'unit', sha })).rejects.toMatchObject({ type: 'cancelled' });
    stopped = false;
    expect(await world.activities.runCommand({ key: 'k', dossier, command: 'unit', sha })).toMatchObject({ exitCode: 1 });
  });

  it('is refused when the dossier has no such command', async () => {
    const world = await activityWorld();
    const { dossier, sha } = await dossierOf(world);
    await expect(world.activities.runCommand({ key: 'k', dossier, command: 'other', sha })).rejects.toMatchObject({ type: 'plan-invalid' });
  });

  it('needs a dossier that is as it was written', async () => {
    const world = await activityWorld();
    const ref = await world.deps.artifacts.put('{}', 'application/json');
    await expect(world.activities.runCommand({ key: 'k', dossier: ref, command: 'unit', sha: 'a'.repeat(40) })).rejects.toMatchObject({
      type: 'artifact-missing',
    });
  });
});

describe('a reading of production', () => {
  const reading = (change: Partial<HealthReading>): HealthReading => ({
    at: '2026-11-23T00:00:00.000Z',
    requests: 100,
    errors: 0,
    errorRate: 0,
    healthy: true,
    ...change,
  });

  async function read(health: () => HealthReading) {
    const world = await activityWorld({ health });
    return world.activities.readHealth({ dossier: (await dossierOf(world)).dossier });
  }

  it.each([
    ['is well below the threshold of the policy', { errorRate: 0.005 }, true],
    ['is not well above it', { errorRate: 0.152 }, false],
    ['is not well when the health endpoint says no', { healthy: false }, false],
    ['says nothing without requests', { requests: 0, errorRate: null }, null],
  ])('%s', async (_title, change, ok) => {
    expect(await read(() => reading(change))).toMatchObject({ ok });
  });

  it('is a gap, not a failure, while production cannot be measured', async () => {
    const away = (): never => {
      throw new Failure('health-unavailable', 'connection refused');
    };
    expect(await read(away)).toMatchObject({ requests: 0, errorRate: null, ok: null });
  });
});
