import { beforeEach, describe, expect, it } from 'vitest';
import type { IncidentSummary, PlanSummary } from '../../src/activities/contract.ts';
import { changeMarker } from '../../src/activities/keys.ts';
import type { ChangeSetRef } from '../../src/domain/change-set.schema.ts';
import type { Diagnosis } from '../../src/domain/diagnosis.schema.ts';
import type { Plan } from '../../src/domain/plan.schema.ts';
import type { Proof, ProofRound, RunFacts } from '../../src/domain/proof.schema.ts';
import { closePullRequest, push, reportCheck } from '../../src/integrations/local/admin.ts';
import { readDeployments } from '../../src/integrations/local/deployments.ts';
import { repoFolders } from '../../src/integrations/local/paths.ts';
import { openRepository, readPull, readPulls } from '../../src/integrations/local/repo-store.ts';
import { stableJson } from '../../src/lib/stable-json.ts';
import { SHOP } from '../integrations/local/support.ts';
import {
  type ActivityWorld,
  activityWorld,
  HEALING,
  HELD_SECRET,
  incidentOf,
  SETTINGS,
  signal,
  unittestLog,
} from '../support/activity-world.ts';

const KEY = `${HEALING}/run/1`;

let world: ActivityWorld;
let bad: string;
let incident: IncidentSummary;

beforeEach(async () => {
  world = await activityWorld();
  bad = (
    await push(world.forgeDir, SHOP, {
      branch: 'main',
      files: { 'config.yaml': 'mode: broken\n' },
      message: 'Tune @octocat fixes #7',
      actor: 'dev',
    })
  ).sha;
  await reportCheck(world.forgeDir, SHOP, { sha: world.green, name: 'unit', conclusion: 'success' });
  await failingAt(bad);
});

async function failingAt(sha: string): Promise<void> {
  await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
  incident = await incidentOf(world.activities, { sha });
}

async function planned(): Promise<{ readonly plan: PlanSummary; readonly diagnosis: Diagnosis }> {
  const reasoned = await world.activities.reason({ healingId: HEALING, dossier: incident.dossier, attempt: 1, tried: [], probes: [] });
  if (reasoned.kind !== 'plan') throw new Error(JSON.stringify(reasoned));
  return reasoned;
}

async function planOf(steps: Plan['steps']): Promise<PlanSummary> {
  const plan: Plan = { strategy: 'test', title: 'Test', rationale: 'because', steps, risk: 'low' };
  return {
    artifact: await world.deps.artifacts.put(stableJson(plan), 'application/json'),
    strategy: 'test',
    title: 'Test',
    rationale: 'because',
    risk: 'low',
    fingerprint: 'f',
  };
}

async function built(plan: PlanSummary, key = `${KEY}/build`): Promise<ChangeSetRef> {
  const answer = await world.activities.buildChangeSet({ key, dossier: incident.dossier, plan: plan.artifact });
  if (answer.kind !== 'built') throw new Error(answer.detail);
  return answer.changeSet;
}

function run(step: string, changeSet?: ChangeSetRef): Promise<RunFacts> {
  return world.activities.runCommand({
    key: `${KEY}/${step}`,
    dossier: incident.dossier,
    command: 'unit',
    sha: incident.headSha,
    ...(changeSet === undefined ? {} : { changeSet }),
  });
}

async function proven() {
  const { plan, diagnosis } = await planned();
  const red = await run('red');
  const changeSet = await built(plan);
  const green = await run('green', changeSet);
  const greenAgain = await run('again', changeSet);
  const redAgain = await run('red-again');
  const rounds: ProofRound[] = [];
  const judge = (): Promise<Proof> =>
    world.activities.judgeProof({
      healingId: HEALING,
      dossier: incident.dossier,
      plan: plan.artifact,
      changeSet,
      red,
      green,
      greenAgain,
      redAgain,
      rounds,
      widerBefore: [red],
      widerAfter: [green],
    });
  let proof = await judge();
  for (; proof.verdict === 'unconfirmed'; proof = await judge())
    rounds.push({ without: await run(`without-${rounds.length}`), withIt: await run(`with-${rounds.length}`, changeSet) });
  return { healingId: HEALING, dossier: incident.dossier, diagnosis, plan, changeSet, proof, red, green };
}

async function published(key = `${KEY}/publish`) {
  const facts = await proven();
  const answer = await world.activities.publish({ key, ...facts });
  if (answer.kind !== 'open') throw new Error(answer.detail);
  return { facts, change: answer.change, key };
}

describe('from cause to proof', () => {
  it('plans the rollback of the configuration that broke', async () => {
    const { plan, diagnosis } = await planned();
    expect(diagnosis.class).toBe('configuration');
    expect(plan).toMatchObject({ strategy: 'config-rollback' });
    expect(
      await world.activities.decidePlan({ healingId: HEALING, dossier: incident.dossier, plan: plan.artifact, attempt: 1 }),
    ).toMatchObject({ decision: 'allow' });
  });

  it('proves it red without and green with, and lets it through', async () => {
    const facts = await proven();
    expect(facts.proof).toMatchObject({
      verdict: 'proven',
      redAtBase: true,
      greenWithChange: true,
      greenAgain: true,
      redAgain: true,
      rounds: 3,
      findings: [],
    });
    const verdict = await world.activities.decideChange({
      healingId: HEALING,
      dossier: facts.dossier,
      plan: facts.plan.artifact,
      changeSet: facts.changeSet,
      proof: facts.proof,
    });
    expect(verdict).toMatchObject({ decision: 'allow', autonomy: 'deploy' });
  });

  it('runs a command once per key', async () => {
    const first = await run('red');
    expect(await run('red')).toEqual(first);
    expect(world.jobs).toHaveLength(1);
    expect(first).toMatchObject({ exitCode: 1, setupFailed: false, report: { failed: 1, passed: 1 } });
  });

  it('builds a change set once per key, and the same one under another', async () => {
    const { plan } = await planned();
    const first = await built(plan);
    expect(await built(plan)).toEqual(first);
    expect((await built(plan, `${KEY}/other`)).hash).toBe(first.hash);
    expect(first).toMatchObject({ paths: ['config.yaml'], fileCount: 1, additions: 1, deletions: 1, base: bad });
    expect(first.artifact.sha256).toBe(first.hash);
  });

  it('records every run and change once in the audit trail', async () => {
    const { plan } = await planned();
    for (const _ of [1, 2]) {
      await run('red');
      await built(plan);
    }
    expect(await world.actions()).toEqual(['command-run', 'change-built']);
  });

  it('refuses a change set that is not the one that was hashed', async () => {
    const { plan } = await planned();
    const changeSet = await built(plan);
    await expect(run('green', { ...changeSet, hash: 'f'.repeat(64) })).rejects.toMatchObject({ type: 'plan-invalid', nonRetryable: true });
  });

  it('escalates nothing and heals nothing when the fix deletes the failing test', async () => {
    const plan = await planOf([
      { kind: 'write-file', path: 'tests/test_auth.py', content: await world.deps.artifacts.put('', 'text/plain'), mode: '100644' },
    ]);
    const changeSet = await built(plan);
    const red = await run('red');
    const green: RunFacts = { ...red, exitCode: 0 };
    const proof = await world.activities.judgeProof({
      healingId: HEALING,
      dossier: incident.dossier,
      plan: plan.artifact,
      changeSet,
      red,
      green,
      greenAgain: green,
      redAgain: red,
      widerBefore: [],
      widerAfter: [],
    });
    expect(proof.verdict).toBe('not-fixed');
    expect(proof.findings).not.toEqual([]);
  });
});

describe('building a change', () => {
  it('fails when the plan changes nothing', async () => {
    const plan = await planOf([
      { kind: 'write-file', path: 'config.yaml', content: await world.deps.artifacts.put('mode: broken\n', 'text/plain'), mode: '100644' },
    ]);
    expect(await world.activities.buildChangeSet({ key: KEY, dossier: incident.dossier, plan: plan.artifact })).toEqual({
      kind: 'failed',
      detail: 'the plan changes nothing',
    });
  });

  it('undoes a commit', async () => {
    const changeSet = await built(await planOf([{ kind: 'revert-commit', sha: bad }]));
    expect(changeSet.paths).toEqual(['config.yaml']);
  });

  it('says when a commit cannot be undone cleanly', async () => {
    const { sha } = await push(world.forgeDir, SHOP, {
      branch: 'main',
      files: { 'config.yaml': 'mode: broken more\n' },
      message: 'x',
      actor: 'dev',
    });
    await failingAt(sha);
    const plan = await planOf([{ kind: 'revert-commit', sha: bad }]);
    const answer = await world.activities.buildChangeSet({ key: KEY, dossier: incident.dossier, plan: plan.artifact });
    expect(answer).toMatchObject({ kind: 'failed', detail: expect.stringContaining('cannot be undone cleanly') });
  });

  it('takes files of several megabytes, and says when one is beyond the limit', async () => {
    const big = (size: number) => 'x'.repeat(size);
    const { sha } = await push(world.forgeDir, SHOP, {
      branch: 'side',
      files: { 'big.lock': big(3_000_000), 'huge.lock': big(17_000_000) },
      message: 'x',
      actor: 'dev',
    });
    expect(await built(await planOf([{ kind: 'restore-file', path: 'big.lock', from: sha }]))).toMatchObject({ paths: ['big.lock'] });
    const plan = await planOf([{ kind: 'restore-file', path: 'huge.lock', from: sha }]);
    const answer = await world.activities.buildChangeSet({ key: `${KEY}/huge`, dossier: incident.dossier, plan: plan.artifact });
    expect(answer).toMatchObject({ kind: 'failed', detail: expect.stringContaining('huge.lock') });
  });

  it('runs the repository own tool in the sandbox and keeps what it changed', async () => {
    const changeSet = await built(await planOf([{ kind: 'run-tool', run: './format', only: [] }]));
    expect(changeSet.paths).toEqual(['app.py']);
    expect(world.jobs).toHaveLength(1);
  });

  it('deletes what was not there at the revision it goes back to', async () => {
    const { sha } = await push(world.forgeDir, SHOP, { branch: 'main', files: { 'extra.yaml': 'x: 1\n' }, message: 'x', actor: 'dev' });
    await failingAt(sha);
    const changeSet = await built(await planOf([{ kind: 'restore-file', path: 'extra.yaml', from: world.green }]));
    expect(changeSet).toMatchObject({ paths: ['extra.yaml'], additions: 0, deletions: 1 });
  });
});

describe('publishing', () => {
  it('opens one pull request with one commit, however often it runs', async () => {
    const { facts, change, key } = await published();
    const again = await world.activities.publish({ key, ...facts });
    expect(again).toEqual({ kind: 'open', change });
    const open = await openRepository(world.forgeDir, SHOP);
    expect(await readPulls(open)).toHaveLength(1);
    expect(change.branch).toMatch(/^suture\/branch-main-[0-9a-f]{8}$/);
    const { commits } = await world.deps.forge.repositories.commits(SHOP, bad, change.headSha, 10);
    expect(commits).toHaveLength(1);
    expect((await world.actions()).filter((action) => action === 'pull-request-opened' || action === 'commit-written')).toEqual([
      'commit-written',
      'pull-request-opened',
    ]);
  });

  it('writes exactly the proven files', async () => {
    const { change } = await published();
    expect(Buffer.from((await world.deps.forge.repositories.readFile(SHOP, change.headSha, 'config.yaml')) ?? '').toString()).toBe(
      'mode: good\n',
    );
  });

  it('says cause, proof, limits and how to go on, and lets nothing from outside act', async () => {
    const { change } = await published();
    const pull = await readPull(await openRepository(world.forgeDir, SHOP), change.number);
    const body = pull?.body ?? '';
    expect(body).toContain('## Cause');
    expect(body).toContain('without the change: **red**');
    expect(body).toContain('both again in turn (rounds: 3): **red** without it');
    expect(body).toContain(`git switch ${change.branch}`);
    expect(body).toContain('— suture-audit ');
    expect(body).not.toMatch(/@octocat|fixes #7/);
    expect(pull?.labels).toEqual(['suture', `suture:${incident.signature.slice(0, 8)}`]);
    expect(pull?.marker).toBe(changeMarker(HEALING, `${KEY}/publish`));
  });

  it('refuses what is not proven', async () => {
    const facts = await proven();
    await expect(
      world.activities.publish({ key: `${KEY}/publish`, ...facts, proof: { ...facts.proof, verdict: 'flaky' } }),
    ).rejects.toMatchObject({ type: 'plan-invalid' });
    expect(await readPulls(await openRepository(world.forgeDir, SHOP))).toEqual([]);
  });

  it('lets a pull request that a person closed stay closed', async () => {
    const { facts, change, key } = await published();
    await closePullRequest(world.forgeDir, SHOP, change.number, { actor: 'dev' });
    expect(await world.activities.publish({ key, ...facts })).toMatchObject({ kind: 'refused', reason: 'closed' });
    expect(await world.activities.readPullRequest({ repo: SHOP, number: change.number })).toMatchObject({
      state: 'closed',
      closedBy: 'dev',
    });
  });
});

describe('taking back', () => {
  it('closes the pull request and deletes the branch, and again without harm', async () => {
    const { change, key } = await published();
    for (const _ of [1, 2]) await world.activities.withdraw({ key, healingId: HEALING, repo: SHOP, change, comment: 'ended @dev' });
    expect(await world.activities.readPullRequest({ repo: SHOP, number: change.number })).toMatchObject({ state: 'closed' });
    expect(await world.deps.forge.repositories.resolve(SHOP, change.branch)).toBeNull();
    expect((await world.actions()).filter((action) => action === 'change-withdrawn')).toHaveLength(1);
  });

  it('finds what publish left when its answer was lost', async () => {
    const { change, key } = await published();
    await world.activities.withdraw({ key, healingId: HEALING, repo: SHOP, change: {}, comment: 'ended' });
    expect(await world.deps.forge.repositories.resolve(SHOP, change.branch)).toBeNull();
  });

  it('has nothing to do when nothing was published', async () => {
    await world.activities.withdraw({ key: `${KEY}/publish`, healingId: HEALING, repo: SHOP, change: {}, comment: 'ended' });
    expect(await world.actions()).toEqual(['change-withdrawn']);
  });

  it('leaves a branch to the person who pushed to it', async () => {
    const { change, key } = await published();
    await push(world.forgeDir, SHOP, { branch: change.branch, files: { 'mine.txt': 'mine' }, message: 'mine', actor: 'dev' });
    await world.activities.withdraw({ key, healingId: HEALING, repo: SHOP, change, comment: 'ended' });
    expect(await world.activities.readPullRequest({ repo: SHOP, number: change.number })).toMatchObject({ state: 'open' });
    expect(await world.deps.forge.repositories.resolve(SHOP, change.branch)).not.toBeNull();
  });
});

describe('to production', () => {
  it('merges once, guarded by the head', async () => {
    const { change } = await published();
    const wrong = await world.activities.merge({
      key: `${KEY}/merge`,
      healingId: HEALING,
      repo: SHOP,
      number: change.number,
      expectedHead: bad,
    });
    expect(wrong).toMatchObject({ kind: 'refused', reason: 'head-moved' });
    const merge = () =>
      world.activities.merge({ key: `${KEY}/merge`, healingId: HEALING, repo: SHOP, number: change.number, expectedHead: change.headSha });
    const first = await merge();
    expect(first.kind).toBe('merged');
    expect(await merge()).toEqual(first);
    expect((await world.actions()).filter((action) => action === 'pull-request-merged')).toHaveLength(1);
  });

  it('asks for one deployment per key', async () => {
    const deploy = () =>
      world.activities.deploy({
        key: `${KEY}/deploy`,
        healingId: HEALING,
        repo: SHOP,
        dossier: incident.dossier,
        sha: world.green,
        environment: 'production',
      });
    const first = await deploy();
    expect((await deploy()).id).toBe(first.id);
    expect(await readDeployments(repoFolders(world.forgeDir, SHOP))).toHaveLength(1);
    expect(await world.activities.readDeployment({ repo: SHOP, id: first.id })).toMatchObject({ state: 'queued' });
    expect(await world.activities.readDeployment({ repo: SHOP, id: '999' })).toMatchObject({ state: 'failure' });
  });

  it('sums up checks', async () => {
    expect(await world.activities.readChecks({ repo: SHOP, sha: bad })).toMatchObject({ state: 'red', detail: 'red: unit' });
    expect(await world.activities.readChecks({ repo: SHOP, sha: world.green })).toMatchObject({ state: 'green' });
  });

  it('does not ask for health where no source is configured', async () => {
    await expect(world.activities.readHealth({ dossier: incident.dossier })).rejects.toMatchObject({
      type: 'configuration-invalid',
      nonRetryable: true,
    });
  });
});

describe('telling people', () => {
  const escalation = () => ({
    key: `${KEY}/escalate`,
    healingId: HEALING,
    repo: SHOP,
    subject: 'branch/main',
    outcome: { kind: 'escalated', reason: 'no-strategy', detail: `nothing applies ${HELD_SECRET}` } as const,
    incident,
    diagnosis: null,
    tried: [],
    refusals: [],
    changeSet: null,
    change: null,
  });

  it('hands over with commands made of checked values only', async () => {
    const change = { number: 1, url: 'file:///x', branch: 'x; rm -rf /', headSha: bad };
    await world.activities.escalate({ ...escalation(), change, changeSet: await built((await planned()).plan) });
    const bundle = JSON.parse(world.told[0]?.text ?? '{}');
    expect(bundle.commands.join('\n')).not.toContain('rm -rf');
    expect(bundle.commands).toContain(`git switch --detach ${bad}`);
    expect(bundle.diff.mediaType).toBe('text/x-diff');
    expect(JSON.stringify(world.told)).not.toContain(HELD_SECRET);
  });

  it('records a repeated hand-over once', async () => {
    for (const _ of [1, 2]) await world.activities.escalate(escalation());
    expect((await world.actions()).filter((action) => action === 'handed-over')).toHaveLength(1);
    expect(new Set(world.told.map(({ key }) => key)).size).toBe(2);
  });

  it('redacts and cuts one-line messages', async () => {
    await world.activities.notify({ key: `${KEY}/n`, healingId: HEALING, kind: 'outcome', text: `${HELD_SECRET}\n${'x'.repeat(900)}` });
    expect(world.told[0]?.text).toMatch(/^\[redacted\] x+…$/);
  });

  it('keeps one live comment and escapes it', async () => {
    const facts = {
      healingId: HEALING,
      repo: SHOP,
      subject: 'branch/main',
      state: 'reasoning',
      attempt: 1,
      title: 'ping @octocat',
      lines: ['fixes #1', HELD_SECRET],
    } as const;
    for (const state of ['reasoning', 'reasoning', 'proving'] as const) await world.activities.updateClaim({ facts: { ...facts, state } });
    expect((await world.actions()).filter((action) => action === 'claim-updated')).toHaveLength(2);
  });
});

describe('among healings', () => {
  it('records what the workflow decided once per key', async () => {
    for (const _ of [1, 2])
      await world.activities.recordAudit({
        entries: ['a', 'b'].map((name) => ({
          key: `${KEY}/${name}`,
          healingId: HEALING,
          action: `state-${name}`,
          actor: 'suture',
          facts: { text: HELD_SECRET },
        })),
      });
    expect(await world.actions()).toEqual(['state-a', 'state-b']);
  });

  it('forwards signals under their own ids', async () => {
    expect(
      await world.activities.forwardSignals({ into: 'heal/acme/shop/pr/1', signals: [signal()], from: HEALING, why: 'same signature' }),
    ).toEqual({
      delivered: true,
    });
    expect(world.forwarded).toEqual(['heal/acme/shop/pr/1 delivery-1']);
  });

  it('patrols: reports a red default branch once and sweeps', async () => {
    expect(await world.activities.patrol({ settings: SETTINGS })).toEqual({ started: [HEALING], swept: 1 });
    expect(await world.activities.patrol({ settings: SETTINGS })).toEqual({ started: [], swept: 2 });
    expect(world.reported).toMatchObject([{ kind: 'patrol-found', subject: 'branch/main', sha: bad, facts: { check: 'unit' } }]);
  });
});
