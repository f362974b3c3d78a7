import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answers } from './script.ts';
import { incident, input, inTurn, proof, run, serviceIncident, sha, signal, untilCancelled } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, report, result, until, view } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

const ask: Answers = { decideChange: async () => ({ decision: 'ask', autonomy: 'merge', reasons: [] }) };
const ends =
  (kind: 'recovered-alone' | 'rejected', reason: 'green-by-itself' | 'person-said-no'): NonNullable<Answers['judgeSignal']> =>
  async () => ({ kind: 'end', outcome: { kind, reason, detail: 'it says so' } });
const pending: NonNullable<Answers['readChecks']> = async () => ({ state: 'pending', detail: 'running' });

describe.concurrent('a late signal', () => {
  it('that the failure turned green by itself ends the healing and takes its pull request back', async () => {
    const handle = await world.start('late-green', { readChecks: pending, judgeSignal: ends('recovered-alone', 'green-by-itself') });
    await until(handle, (now) => now.pullRequest !== undefined);
    await handle.signal('incidentEvent', signal('late-green', { kind: 'check-passed' }));
    expect((await result(handle)).outcome).toMatchObject({ kind: 'recovered-alone', reason: 'green-by-itself' });
    expect(world.scripts.calls('late-green', 'withdraw')).toHaveLength(1);
  });

  it('that the head moved cancels the sandbox job and starts over on the new head without counting', async () => {
    const handle = await world.start('late-head', {
      normalize: inTurn({ kind: 'incident', incident: incident() }, { kind: 'incident', incident: incident({ headSha: sha('b') }) }),
      runCommand: async (given) => (given.sha === sha('a') ? await untilCancelled() : run({ exitCode: given.changeSet ? 0 : 1 })),
      judgeSignal: async () => ({ kind: 'renormalize', note: 'the head moved' }),
    });
    await until(handle, 'reproducing');
    await handle.signal('incidentEvent', signal('late-head', { kind: 'head-moved', sha: sha('b') }));
    const ended = await result(handle);
    expect(ended).toMatchObject({ outcome: { kind: 'healed' }, attempts: 1 });
    expect(world.scripts.calls('late-head', 'decidePlan').map((call) => call.input.attempt)).toEqual([1]);
    expect(world.scripts.calls('late-head', 'normalize')).toHaveLength(2);
  });

  it('that a person closed the pull request ends the healing as rejected', async () => {
    const handle = await world.start('late-closed', {
      readChecks: pending,
      readPullRequest: async () => ({ state: 'closed', headSha: sha('e'), closedBy: 'ada' }),
    });
    expect((await result(handle)).outcome).toMatchObject({
      kind: 'rejected',
      reason: 'person-said-no',
      detail: expect.stringContaining('ada'),
    });
  });

  it('of a person closing it counts before the merge that was about to happen', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handle = await world.start('late-race', {
      readChecks: async () => {
        await held;
        return { state: 'green', detail: '' };
      },
      judgeSignal: ends('rejected', 'person-said-no'),
    });
    await until(handle, () => world.scripts.calls('late-race', 'readChecks').length > 0);
    await handle.signal('incidentEvent', signal('late-race', { kind: 'change-closed' }));
    release();
    expect((await result(handle)).outcome.kind).toBe('rejected');
    expect(world.scripts.calls('late-race', 'merge')).toEqual([]);
  });

  it('that was delivered twice is counted and changes nothing', async () => {
    const handle = await world.start('late-twice', ask);
    await until(handle, 'awaiting-approval');
    for (let again = 0; again < 5; again += 1) await handle.signal('incidentEvent', signal('late-twice'));
    const shown = await until(handle, (now) => now.signals === 6);
    expect(shown.state).toBe('awaiting-approval');
    expect(world.scripts.calls('late-twice', 'normalize')).toHaveLength(1);
    expect(world.scripts.calls('late-twice', 'judgeSignal')).toEqual([]);
    await handle.cancel();
    await result(handle);
  });

  it('with an alert joins the evidence: the fresh dossier brings the service that is then verified', async () => {
    const handle = await world.start('late-alert', {
      ...ask,
      normalize: inTurn({ kind: 'incident', incident: incident() }, { kind: 'incident', incident: serviceIncident() }),
    });
    await until(handle, 'awaiting-approval');
    await handle.signal('incidentEvent', signal('late-alert', { id: 'alert-1', kind: 'alert-triggered', service: 'auth' }));
    await until(handle, () => world.scripts.calls('late-alert', 'normalize').length === 2);
    await handle.executeUpdate('decideApproval', {
      args: [{ id: 'x', verdict: 'approve', changeSetHash: 'c'.repeat(64), actor: { id: 'ada', trust: 'maintainer' }, via: 'cli' }],
    });
    expect((await result(handle)).outcome.reason).toBe('verified');
    expect(world.scripts.calls('late-alert', 'judgeHealth').length).toBeGreaterThan(0);
  });

  it('that cannot be judged does not hold the healing up', async () => {
    const handle = await world.start('late-broken', {
      ...ask,
      judgeSignal: () => Promise.reject(ApplicationFailure.nonRetryable('x', 'bug')),
    });
    await until(handle, 'awaiting-approval');
    await handle.signal('incidentEvent', signal('late-broken', { kind: 'alert-recovered' }));
    await handle.executeUpdate('decideApproval', {
      args: [{ id: 'x', verdict: 'approve', changeSetHash: 'c'.repeat(64), actor: { id: 'ada', trust: 'maintainer' }, via: 'cli' }],
    });
    expect((await result(handle)).outcome.kind).toBe('healed');
  });
});

describe.concurrent('attempts', () => {
  it('end after three, each told what was tried before', async () => {
    const handle = await world.start('three', { judgeProof: async () => proof('not-fixed', ['still red']) });
    expect(await result(handle)).toMatchObject({ outcome: { kind: 'escalated', reason: 'attempts-used' }, attempts: 3 });
    const tried = world.scripts
      .calls('three', 'reason')
      .map((call) => call.input.tried.map((each: { fingerprint: string }) => each.fingerprint));
    expect(tried).toEqual([[], ['plan-1'], ['plan-1', 'plan-2']]);
    expect(world.scripts.calls('three', 'escalate')).toHaveLength(1);
  });

  it('that were used before count', async () => {
    const handle = await world.start('used-before', {
      judgeProof: async () => proof('not-fixed'),
      requestSlot: () => world.admit('used-before', { kind: 'granted', attemptsUsed: 2 }),
    });
    expect(await result(handle)).toMatchObject({ outcome: { reason: 'attempts-used' }, attempts: 1 });
  });

  it('answer the probes of a strategy until it plans, and give up on one that asks without end', async () => {
    const diagnosis = { class: 'code' as const, cause: 'a commit', confidence: 0.5, evidence: [] };
    const handle = await world.start('probes', {
      reason: async ({ probes, tried }) =>
        tried.length > 0
          ? { kind: 'none', diagnosis, refusals: [] }
          : { kind: 'probe', diagnosis, strategy: 'revert', sha: sha('b'), round: probes.length },
      judgeProbe: async () => 'red',
    });
    expect((await result(handle)).outcome.kind).toBe('escalated');
    // Shown red once, then as many probes as there may be.
    expect(world.scripts.calls('probes', 'runCommand')).toHaveLength(1 + 4);
    expect(world.scripts.calls('probes', 'reason').at(4)?.input).toMatchObject({
      asking: 'revert',
      probes: [{ round: 0 }, { round: 1 }, { round: 2 }, { round: 3 }],
    });
  });

  it('go on with fresh evidence when the target moved while the pull request was opened', async () => {
    const handle = await world.start('publish-moved', {
      publish: inTurn(
        { kind: 'refused', reason: 'head-moved', detail: 'main moved' },
        { kind: 'open', change: { number: 8, url: 'https://forge.invalid/8', branch: 'suture/fix-2', headSha: sha('e') } },
      ),
    });
    expect((await result(handle)).outcome.kind).toBe('healed');
    expect(world.scripts.calls('publish-moved', 'normalize')).toHaveLength(2);
  });
});

describe.concurrent('a person who merges at autonomy propose', () => {
  it('lets the healing go on to verification', async () => {
    const propose: Answers = { decideChange: async () => ({ decision: 'allow', autonomy: 'propose', reasons: [] }) };
    const handle = await world.start('person-merges', {
      ...propose,
      readPullRequest: inTurn(
        { state: 'open', headSha: sha('e') },
        { state: 'merged', headSha: sha('e'), mergeSha: sha('f'), closedBy: 'ada' },
      ),
    });
    await until(handle, (now) => now.timeline.some((line) => line.text.startsWith('Waits for a person to merge')));
    await handle.signal('incidentEvent', signal('person-merges', { kind: 'change-merged' }));
    const ended = await result(handle);
    expect(ended).toMatchObject({ outcome: { kind: 'healed', reason: 'verified' }, mergeSha: sha('f') });
    expect(world.scripts.calls('person-merges', 'merge')).toEqual([]);
  });
});

describe.concurrent('cooling', () => {
  it('absorbs repeats of the same failure', async () => {
    const handle = await world.start('cool', {}, input('cool', { timings: { cooldownMs: 3_000 } }));
    await until(handle, 'cooling');
    for (let again = 0; again < 3; again += 1) await report(world.temporal, input('cool'), signal('cool', { id: `again-${again}` }));
    await result(handle);
    expect(world.scripts.calls('cool', 'normalize')).toHaveLength(1);
    expect((await view(handle)).timeline.at(-1)?.text).toContain('3 repeats');
  });

  it('hands a failure of a new head over to the next run instead of losing it', async () => {
    const handle = await world.start('cool-new', {}, input('cool-new', { timings: { cooldownMs: 2_000 } }));
    await until(handle, 'cooling');
    await handle.signal('incidentEvent', signal('cool-new', { id: 'new', sha: sha('7') }));
    expect((await result(handle)).outcome.kind).toBe('healed');
    const normalized = world.scripts
      .calls('cool-new', 'normalize')
      .map((call) => call.input.signals.map((each: { sha: string }) => each.sha));
    expect(normalized).toEqual([[sha('a')], [sha('7')]]);
  });
});

describe('a storm of deliveries', () => {
  it('of 200 at once with one subject is one run and one normalization', async () => {
    world.scripts.script('storm', ask);
    const given = input('storm');
    const handles = await Promise.all(
      Array.from({ length: 200 }, (_, index) => report(world.temporal, given, signal('storm', { id: `storm-${index}` }))),
    );
    expect(new Set(handles.map((handle) => (handle as unknown as { signaledRunId: string }).signaledRunId)).size).toBe(1);
    const [first] = handles;
    if (first === undefined) throw new Error('no handle');
    await until(first, 'awaiting-approval');
    await until(first, (now) => now.signals === 200);
    expect(world.scripts.calls('storm', 'normalize')).toHaveLength(1);
    await first.cancel();
    await result(first);
  });
});

describe('a patrol', () => {
  it('is one walk over the served repositories', async () => {
    const workflowId = 'patrol/acme/patrolled';
    world.scripts.script('patrolled', { patrol: async () => ({ started: ['heal/acme/x/branch/main'], swept: 2 }) });
    const { settings } = input('patrolled');
    const walked = await world.temporal.workflows.execute('PatrolWorkflow', {
      workflowId,
      taskQueue: world.temporal.taskQueue,
      args: [settings],
    });
    expect(walked).toEqual({ started: ['heal/acme/x/branch/main'], swept: 2 });
  });
});

describe('the audit trail', () => {
  it('gets every move once, in order, under keys that number it without a gap', async () => {
    const handle = await world.start('audit');
    await result(handle);
    const entries = world.scripts.calls('audit', 'recordAudit').flatMap((call) => call.input.entries);
    expect(entries.map((entry) => Number(entry.key.split('/').at(-1)))).toEqual(entries.map((_, index) => index + 1));
    expect(entries.filter((entry) => entry.action === 'state').map((entry) => entry.facts.to)).toEqual([
      'normalizing',
      'admitting',
      'reasoning',
      'reproducing',
      'reasoning',
      'proving',
      'publishing',
      'waiting-for-checks',
      'merging',
      'verifying',
      'ending',
      'closed',
    ]);
  });
});

describe('the Web UI', () => {
  it('can find the healing by its search attributes and reads untrusted text escaped', async () => {
    const handle = await world.start('ui', {
      ...ask,
      normalize: async () => ({ kind: 'incident', incident: incident({ title: '[x](http://evil) <img> `rm`' }) }),
    });
    await until(handle, 'awaiting-approval');
    const { typedSearchAttributes } = await handle.describe();
    const shown = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    expect(shown).toMatchObject({
      SutureRepo: 'acme/ui',
      SutureSubject: 'branch/main',
      SutureState: 'awaiting-approval',
      SutureClass: 'configuration',
      SutureAttempt: 1,
    });
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toContain('suture approve heal/acme/ui/branch/main');
    expect(metadata.currentDetails).toContain('\\[x\\]');
    expect(metadata.currentDetails).not.toContain('<img>');
    await handle.cancel();
    await result(handle);
  });
});
