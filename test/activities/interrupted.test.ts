import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { createActivities } from '../../src/activities/index.ts';
import { openPullRequest, push, reportCheck } from '../../src/integrations/local/admin.ts';
import { readDeployments } from '../../src/integrations/local/deployments.ts';
import { createLocalForge } from '../../src/integrations/local/forge.ts';
import { createLocalNotifier } from '../../src/integrations/local/notifier.ts';
import { openRepository, readPulls } from '../../src/integrations/local/repo-store.ts';
import { createArtifactStore } from '../../src/store/artifact-store.ts';
import { createAuditTrail } from '../../src/store/audit-trail.ts';
import { readAuditTrail } from '../../src/store/read-audit-trail.ts';
import { createRecordStore } from '../../src/store/record-store.ts';
import { verifyAuditTrail } from '../../src/store/verify-audit-trail.ts';
import { SHOP } from '../integrations/local/support.ts';
import { type ActivityWorld, activityWorld, HEALING, SETTINGS, signal, unittestLog } from '../support/activity-world.ts';

const KEY = `${HEALING}/run/1`;
const CHANGE_HASH = 'a'.repeat(64);
const { privateKey } = generateKeyPairSync('ed25519');

/** What Temporal knows: it answers a repeated decision as it did the first time, and shows no approval that was decided. */
class FakeTemporal {
  readonly received = new Set<string>();

  healings(): Partial<ActivityDeps['healings']> {
    const take = (what: string): true => Boolean(this.received.add(what)) as true;
    return {
      report: async (input, { id }) => ({ healingId: `${input.subject} ${take(`report ${id}`)}`, runId: 'run' }),
      forward: async (into, { id }) => take(`forward ${id} to ${into}`),
      requestSlot: async (_repo, request) => void take(`slot for ${request.healingId}`),
      decide: async (id, decision) => ({
        kind: 'applied',
        receipt: { accepted: take(`decide ${decision.id} ${decision.verdict} of ${id}`), state: 'publishing' },
      }),
      view: async (id) => ({
        healingId: id,
        repo: SHOP,
        subject: 'pr/1',
        state: 'awaiting-approval',
        attempt: 1,
        title: 'unit fails',
        paused: false,
        signals: 1,
        timeline: [],
        ...(this.received.size === 0
          ? { approval: { changeSetHash: CHANGE_HASH, approvers: [], paths: ['a'], reasons: ['protected path'] } }
          : {}),
      }),
      list: async () => [],
    };
  }
}

/** A process that dies after a number of calls: what it was at never goes on, whatever was begun. */
class Mortal {
  calls = 0;
  readonly names: string[] = [];
  readonly #limit: number;
  readonly #died = Promise.withResolvers<'died'>();
  #inFlight = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves once it is dead and nothing that it began is under way. */
  get died(): Promise<'died'> {
    return this.#died.promise;
  }

  async call<T>(name: string, run: () => Promise<T>): Promise<T> {
    if (this.calls >= this.#limit) return this.#never();
    this.#inFlight += 1;
    try {
      return await run();
    } finally {
      this.#inFlight -= 1;
      this.calls += 1;
      this.names.push(name);
      // biome-ignore lint/correctness/noUnsafeFinally: the dead neither return nor throw
      if (this.calls >= this.#limit) await this.#never();
    }
  }

  #never(): Promise<never> {
    if (this.#inFlight === 0) this.#died.resolve('died');
    return new Promise(() => undefined);
  }
}

/** What answers at once, and what the sandbox calls while it is called itself. */
const UNSEEN: ReadonlySet<string> = new Set(['healings.webUiUrl', 'forge.pace', 'forge.repositories.exportTree']);

function watched<T>(part: T, name: string, mortal: Mortal): T {
  if (typeof part !== 'object' || part === null) return part;
  return new Proxy(part, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      const path = `${name}.${String(key)}`;
      if (typeof value === 'object') return watched(value, path, mortal);
      if (typeof value !== 'function' || UNSEEN.has(path)) return value;
      return (...args: readonly unknown[]) => mortal.call(path, async () => await Reflect.apply(value, target, args));
    },
  });
}

/** A state folder with what works on it. */
function open(folder: string, world: ActivityWorld, temporal: FakeTemporal, mortal: Mortal): Activities {
  const local = createLocalForge(join(folder, 'forge-state'));
  const artifacts = createArtifactStore(join(folder, 'artifacts'));
  // The local forge repeats no checks: this one does, and as GitHub does it counts what was still failing.
  const rerun = async (_repo: unknown, sha: string, checks: readonly string[]): Promise<number> => {
    const red = (await local.checks.list(SHOP, sha)).filter(({ name, conclusion }) => checks.includes(name) && conclusion === 'failure');
    for (const { name } of red) await reportCheck(join(folder, 'forge-state'), SHOP, { sha, name, conclusion: 'neutral' });
    if (red.length > 0) temporal.received.add(`rerun ${sha}`);
    return red.length;
  };
  const deps: ActivityDeps = {
    ...world.deps,
    forge: watched({ ...local, checks: { ...local.checks, rerun } }, 'forge', mortal),
    sandbox: watched(world.deps.sandbox, 'sandbox', mortal),
    notifiers: new Map([
      [
        'local',
        watched(
          createLocalNotifier(folder, (ref) => artifacts.get(ref)),
          'notifier',
          mortal,
        ),
      ],
    ]),
    artifacts: watched(artifacts, 'artifacts', mortal),
    records: watched(createRecordStore(join(folder, 'records')), 'records', mortal),
    audit: watched(createAuditTrail(join(folder, 'audit'), { signingKey: privateKey }), 'audit', mortal),
    healings: watched({ ...world.deps.healings, ...temporal.healings() }, 'healings', mortal),
  };
  return createActivities(deps);
}

/** What differs from run to run only because it was another run. */
const withoutChance = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null)
      .replaceAll(/[0-9a-f]{40,64}/g, '#')
      .replaceAll(/suture-(test|cut)-\w{6}/g, 'folder')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '@'),
  );

/** All that is to be seen from outside. */
async function seen(folder: string, temporal: FakeTemporal): Promise<unknown> {
  const state = join(folder, 'forge-state');
  const repository = await openRepository(state, SHOP);
  const forge = createLocalForge(state);
  const audit: unknown[] = [];
  const keys: string[] = [];
  for await (const { action, facts, key } of readAuditTrail(join(folder, 'audit'))) {
    keys.push(key);
    // Whoever removed a branch and died cannot come back to it; that it was about to is on record.
    if (action === 'branch-swept') continue;
    // How many runs were asked for is not known when the asker died.
    audit.push({ action, facts: { ...facts, ...(action === 'checks-rerun' ? { runs: 'some' } : {}) } });
  }
  expect(new Set(keys).size).toBe(keys.length);
  if (keys.length > 0) expect(await verifyAuditTrail(join(folder, 'audit'), createPublicKey(privateKey))).toMatchObject({ ok: true });
  const main = (await forge.repositories.resolve(SHOP, 'main')) ?? '';
  const branches = await forge.changes.ownBranches(SHOP);
  return withoutChance({
    audit,
    pulls: (await readPulls(repository)).map(({ number, state: how, comments, headBranch }) => ({
      number,
      state: how,
      headBranch,
      comments: comments.map(({ body }) => body),
    })),
    branches: branches.map(({ name }) => name),
    commits: await Promise.all(
      [main, ...branches.map(({ headSha }) => headSha)].map(
        async (sha) => (await forge.repositories.commits(SHOP, null, sha, 50)).commits.length,
      ),
    ),
    deployments: (await readDeployments(repository.folders)).map(({ sha, state: how }) => ({ sha, how })),
    claims: (await readdir(join(repository.folders.root, 'claims')).catch(() => [])).length,
    told: await readdir(join(folder, 'notifications')).catch(() => []),
    handedOver: await readdir(join(folder, 'hand-over')).catch(() => []),
    received: [...temporal.received].sort(),
  });
}

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function copyOf(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'suture-cut-'));
  folders.push(copy);
  await cp(folder, copy, { recursive: true });
  return copy;
}

/** A world whose main branch is red, and the healing as far as a test has brought it. */
async function begin() {
  const world = await activityWorld({ maintainers: ['mara'] });
  const bad = await push(world.forgeDir, SHOP, {
    branch: 'main',
    files: { 'config.yaml': 'mode: broken\n' },
    message: 'Tune',
    actor: 'dev',
  });
  await reportCheck(world.forgeDir, SHOP, { sha: world.green, name: 'unit', conclusion: 'success' });
  await reportCheck(world.forgeDir, SHOP, { sha: bad.sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
  const folder = dirname(world.forgeDir);

  /** Cuts a step off after each of its calls and repeats it, each time from the state that it began with; then lets it happen. */
  const step = async <T>(name: string, run: (activities: Activities) => Promise<T>): Promise<T> => {
    const before = await copyOf(folder);
    const temporal = new FakeTemporal();
    const whole = new Mortal(Number.POSITIVE_INFINITY);
    const result = await run(open(folder, world, temporal, whole));
    const expected = { result: withoutChance(result), seen: await seen(folder, temporal) };
    for (let cut = 1; cut <= whole.calls; cut += 1) {
      const copy = await copyOf(before);
      const again = new FakeTemporal();
      const mortal = new Mortal(cut);
      expect(await Promise.race([mortal.died, run(open(copy, world, again, mortal))])).toBe('died');
      const repeated = await run(open(copy, world, again, new Mortal(Number.POSITIVE_INFINITY)));
      const found = { result: withoutChance(repeated), seen: await seen(copy, again) };
      expect(found, `${name}, cut off after ${mortal.names.join(', ')}`).toEqual(expected);
    }
    expect(whole.calls, `${name} calls nothing`).toBeGreaterThan(0);
    return result;
  };

  const dossier = async (activities: Activities) => {
    const found = await activities.normalize({
      healingId: HEALING,
      repo: SHOP,
      subject: 'branch/main',
      signals: [signal({ sha: bad.sha })],
      settings: SETTINGS,
    });
    if (found.kind !== 'incident') throw new Error(JSON.stringify(found));
    return found.incident;
  };

  const proven = async (by: <T>(name: string, run: (activities: Activities) => Promise<T>) => Promise<T>) => {
    const incident = await by('normalize', dossier);
    const reasoned = await by('reason', (activities) =>
      activities.reason({ healingId: HEALING, dossier: incident.dossier, attempt: 1, tried: [], probes: [] }),
    );
    if (reasoned.kind !== 'plan') throw new Error(JSON.stringify(reasoned));
    const { plan, diagnosis } = reasoned;
    const common = { dossier: incident.dossier, command: 'unit', sha: incident.headSha };
    const red = await by('runCommand', (activities) => activities.runCommand({ ...common, key: `${KEY}/red` }));
    const built = await by('buildChangeSet', (activities) =>
      activities.buildChangeSet({ key: `${KEY}/build`, dossier: incident.dossier, plan: plan.artifact }),
    );
    if (built.kind !== 'built') throw new Error(built.detail);
    const { changeSet } = built;
    const green = await by('runCommand', (activities) => activities.runCommand({ ...common, key: `${KEY}/green`, changeSet }));
    const proof = await by('judgeProof', (activities) =>
      activities.judgeProof({
        healingId: HEALING,
        dossier: incident.dossier,
        plan: plan.artifact,
        changeSet,
        red,
        green,
        greenAgain: green,
        redAgain: red,
        rounds: Array.from({ length: 3 }, () => ({ without: red, withIt: green })),
        widerBefore: [red],
        widerAfter: [green],
      }),
    );
    return { incident, facts: { healingId: HEALING, dossier: incident.dossier, diagnosis, plan, changeSet, proof, red, green } };
  };

  const undisturbed = <T>(_name: string, run: (activities: Activities) => Promise<T>): Promise<T> =>
    run(open(folder, world, new FakeTemporal(), new Mortal(Number.POSITIVE_INFINITY)));

  const published = async (by: typeof step) => {
    const { facts, incident } = await proven(undisturbed);
    const key = `${KEY}/publish`;
    const opened = await by('publish', (activities) => activities.publish({ key, ...facts }));
    if (opened.kind !== 'open') throw new Error(JSON.stringify(opened));
    return { change: opened.change, incident, facts, key };
  };
  return { world, bad: bad.sha, step, undisturbed, dossier, proven, published };
}

/** An activity that is cut off after each call of a dependency, and done again by another worker. */
describe('an activity that dies after any of its calls and is repeated', () => {
  it('comes from the failure to the proof as if it had run once', async () => {
    const { proven, step } = await begin();
    const { facts } = await proven(step);
    expect(facts.proof.verdict).toBe('proven');
  });

  it('opens one pull request with one commit, merges it once and deploys it once', async () => {
    const { published, step } = await begin();
    const { change, incident } = await published(step);
    const merged = await step('merge', (activities) =>
      activities.merge({ key: `${KEY}/merge`, healingId: HEALING, repo: SHOP, number: change.number, expectedHead: change.headSha }),
    );
    if (merged.kind !== 'merged') throw new Error(merged.detail);
    await step('deploy', (activities) =>
      activities.deploy({
        key: `${KEY}/deploy`,
        healingId: HEALING,
        repo: SHOP,
        dossier: incident.dossier,
        sha: merged.sha,
        environment: 'production',
      }),
    );
  });

  it('takes back what was published', async () => {
    const { published, step, undisturbed } = await begin();
    const { change, key } = await published(undisturbed);
    await step('withdraw', (activities) => activities.withdraw({ key, healingId: HEALING, repo: SHOP, change, comment: 'ended' }));
  });

  it('tells everybody once: the live comment, the hand-over, a line, the audit trail', async () => {
    const { proven, step, undisturbed } = await begin();
    const { facts, incident } = await proven(undisturbed);
    await step('updateClaim', (activities) =>
      activities.updateClaim({
        facts: { healingId: HEALING, repo: SHOP, subject: 'branch/main', state: 'proving', attempt: 1, title: 'unit fails', lines: [] },
      }),
    );
    await step('escalate', (activities) =>
      activities.escalate({
        key: `${KEY}/escalate`,
        healingId: HEALING,
        repo: SHOP,
        subject: 'branch/main',
        outcome: { kind: 'escalated', reason: 'checks-failed', detail: 'red at the forge' },
        incident,
        diagnosis: facts.diagnosis,
        tried: [],
        refusals: [],
        changeSet: facts.changeSet,
        change: null,
      }),
    );
    await step('notify', (activities) => activities.notify({ key: `${KEY}/n`, healingId: HEALING, kind: 'outcome', text: 'done' }));
    await step('recordAudit', (activities) =>
      activities.recordAudit({
        entries: ['a', 'b', 'c'].map((name) => ({
          key: `${KEY}/${name}`,
          healingId: HEALING,
          action: `state-${name}`,
          actor: 'suture',
          facts: {},
        })),
      }),
    );
  });

  it('asks the forge once to run red checks again, and that is on record', async () => {
    const { bad, dossier, step, undisturbed } = await begin();
    const incident = await undisturbed('normalize', dossier);
    const input = { key: `${KEY}/rerun`, healingId: HEALING, repo: SHOP, dossier: incident.dossier, sha: bad };
    expect(await step('rerunChecks', (activities) => activities.rerunChecks(input))).toEqual({ asked: true });
  });

  it('forwards every signal, and asks for a slot', async () => {
    const { step } = await begin();
    const signals = [signal(), signal({ id: 'delivery-2' }), signal({ id: 'delivery-3' })];
    await step('forwardSignals', (activities) =>
      activities.forwardSignals({ into: 'heal/acme/shop/pr/1', signals, from: HEALING, why: 'same signature' }),
    );
    const request = {
      healingId: HEALING,
      runId: 'run',
      subject: 'branch/main',
      signature: 's',
      title: 't',
      kind: 'code',
      shas: [],
      priority: 3,
      since: '2026-11-23T00:00:00.000Z',
      slots: 3,
      leaseMs: 1000,
      attemptsCap: 3,
      ledgerTtlMs: 1000,
    } as const;
    await step('requestSlot', (activities) => activities.requestSlot({ repo: SHOP, request }));
  });

  it('obeys a person once, and says what was really done', async () => {
    const { step, undisturbed, world } = await begin();
    await undisturbed('a pull request', async () => {
      await push(world.forgeDir, SHOP, { branch: 'work', files: { 'x.txt': 'x\n' }, message: 'x', actor: 'dev' });
      return openPullRequest(world.forgeDir, SHOP, { title: 'x', body: '', headBranch: 'work', author: 'dev' });
    });
    for (const command of ['approve', 'status', 'retry']) {
      const answer = await step(command, (activities) =>
        activities.obeyCommand({
          signal: signal({
            id: `guid-${command}`,
            kind: 'commanded',
            subject: 'pr/1',
            actor: { id: 'mara', trust: 'outsider' },
            facts: { command, comment: '77', number: '1' },
          }),
          settings: SETTINGS,
        }),
      );
      expect(answer).toMatchObject({ kind: 'obeyed' });
    }
  });

  it('patrols: reports what is red, and sweeps a branch that was left, with every removal on record', async () => {
    const { bad, step, undisturbed, world } = await begin();
    await undisturbed('a branch that a run left', async () => {
      const { forge, records } = world.deps;
      const changeSet = {
        base: bad,
        files: [{ op: 'write' as const, path: 'x.txt', mode: '100644' as const, content: Buffer.from('x').toString('base64') }],
      };
      const written = await forge.changes.commit(SHOP, { branch: 'suture/left-12345678', changeSet, message: 'x', key: 'left' });
      if (written.kind !== 'committed') throw new Error(written.detail);
      await records.putOnce(`commit/${SHOP.owner}/${SHOP.name}/${written.sha}`, HEALING);
    });
    await step('patrol', async (activities) => ({ ...(await activities.patrol({ settings: SETTINGS })), swept: 0 }));
  });
});
