import { beforeEach, describe, expect, it } from 'vitest';
import type { IncidentSummary, Normalized } from '../../src/activities/contract.ts';
import { readDossier } from '../../src/activities/dossier.ts';
import type { HealingInput } from '../../src/domain/settings.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import {
  closePullRequest,
  mergePullRequest,
  openPullRequest,
  push,
  reportCheck,
  requestDeployment,
} from '../../src/integrations/local/admin.ts';
import { readDeployments, writeDeployment } from '../../src/integrations/local/deployments.ts';
import { repoFolders } from '../../src/integrations/local/paths.ts';
import { SHOP } from '../integrations/local/support.ts';
import {
  type ActivityWorld,
  activityWorld,
  HEALING,
  HELD_SECRET,
  POLICY,
  SETTINGS,
  signal,
  unittestLog,
} from '../support/activity-world.ts';

let world: ActivityWorld;
let bad: string;

function normalize(
  subject: string,
  signals: readonly Signal[],
  request?: HealingInput['request'],
  settings = SETTINGS,
): Promise<Normalized> {
  return world.activities.normalize({
    healingId: HEALING,
    repo: SHOP,
    subject,
    signals,
    settings,
    ...(request === undefined ? {} : { request }),
  });
}

function incident(normalized: Normalized): IncidentSummary {
  if (normalized.kind !== 'incident') throw new Error(`expected an incident, got ${JSON.stringify(normalized)}`);
  return normalized.incident;
}

async function deployed(sha: string): Promise<void> {
  const { id } = await requestDeployment(world.forgeDir, SHOP, { sha, environment: 'production', actor: 'dev' });
  const folders = repoFolders(world.forgeDir, SHOP);
  const record = (await readDeployments(folders)).find((candidate) => candidate.id === id);
  if (record !== undefined) await writeDeployment(folders, { ...record, state: 'success' });
}

beforeEach(async () => {
  world = await activityWorld();
  bad = (
    await push(world.forgeDir, SHOP, {
      branch: 'main',
      files: { 'config.yaml': 'mode: broken\n' },
      message: `Tune the mode ${HELD_SECRET}`,
      actor: 'dev',
    })
  ).sha;
  await reportCheck(world.forgeDir, SHOP, { sha: world.green, name: 'unit', conclusion: 'success' });
  await reportCheck(world.forgeDir, SHOP, {
    sha: bad,
    name: 'unit',
    conclusion: 'failure',
    log: `${unittestLog(true)}token ${HELD_SECRET}\n`,
  });
});

describe('normalize', () => {
  it('finds what fails, since when, and what changed', async () => {
    const found = incident(await normalize('branch/main', [signal({ sha: bad })]));
    expect(found).toMatchObject({
      kind: 'code',
      command: 'unit',
      targetBranch: 'main',
      headSha: bad,
      lastGreenSha: world.green,
      wider: ['unit', 'lint'],
      autonomy: 'deploy',
      untrusted: false,
    });
    expect(found.failingTests.join()).toContain('test_login');
    const { incident: whole } = await readDossier(world.deps, found.dossier);
    expect(whole.commits.map((commit) => commit.paths)).toEqual([['config.yaml']]);
  });

  it('gives the same dossier when it runs twice', async () => {
    const first = await normalize('branch/main', [signal({ sha: bad })]);
    expect(await normalize('branch/main', [signal({ sha: bad })])).toEqual(first);
  });

  it('keeps secrets out of evidence and history', async () => {
    const found = incident(await normalize('branch/main', [signal({ sha: bad, summary: `leak ${HELD_SECRET}` })]));
    const dossier = await readDossier(world.deps, found.dossier);
    expect(JSON.stringify(dossier)).not.toContain(HELD_SECRET);
    for (const evidence of dossier.incident.evidence) {
      const text = evidence.artifact === undefined ? '' : Buffer.from(await world.deps.artifacts.get(evidence.artifact)).toString();
      expect(text).not.toContain(HELD_SECRET);
    }
  });

  it('is clamped by the server, whatever the policy file wishes', async () => {
    const found = incident(await normalize('branch/main', [signal({ sha: bad })], undefined, { ...SETTINGS, autonomyCeiling: 'propose' }));
    expect(found.autonomy).toBe('propose');
  });

  it('reads the policy from the default branch only', async () => {
    const { sha } = await push(world.forgeDir, SHOP, {
      branch: 'feature',
      files: { '.github/suture.yml': POLICY.replace('autonomy: deploy', 'autonomy: observe') },
      message: 'x',
      actor: 'dev',
    });
    await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
    const found = incident(await normalize('branch/feature', [signal({ subject: 'branch/feature', sha })]));
    expect(found).toMatchObject({ autonomy: 'deploy', targetBranch: 'feature', headSha: sha });
  });

  it('says what is wrong with the policy file', async () => {
    await push(world.forgeDir, SHOP, {
      branch: 'main',
      files: { '.github/suture.yml': 'version: 1\nautonomie: deploy\n' },
      message: 'x',
      actor: 'dev',
    });
    expect(await normalize('branch/main', [signal()])).toMatchObject({
      kind: 'cannot',
      reason: 'policy-invalid',
      detail: expect.stringContaining('autonomie'),
    });
  });

  it('goes by defaults when there is no policy file, and then knows no command', async () => {
    await push(world.forgeDir, SHOP, { branch: 'main', files: { '.github/suture.yml': null }, message: 'x', actor: 'dev' });
    expect(await normalize('branch/main', [signal()])).toMatchObject({ kind: 'cannot', reason: 'no-command' });
  });

  it('finds no problem when everything is green', async () => {
    await reportCheck(world.forgeDir, SHOP, { sha: bad, name: 'unit', conclusion: 'success' });
    expect(await normalize('branch/main', [signal({ sha: bad })])).toMatchObject({ kind: 'no-problem', reason: 'already-green' });
  });

  it('takes the first red check in the order of the policy', async () => {
    await reportCheck(world.forgeDir, SHOP, { sha: bad, name: 'lint', conclusion: 'failure' });
    expect(incident(await normalize('branch/main', [signal({ sha: bad, facts: { check: 'lint' } })])).command).toBe('unit');
  });

  it('says so when a branch is gone', async () => {
    expect(await normalize('branch/gone', [signal({ subject: 'branch/gone' })])).toMatchObject({
      kind: 'no-problem',
      reason: 'head-moved',
    });
  });

  it('says so when the repository is not served', async () => {
    const answer = await world.activities.normalize({
      healingId: HEALING,
      repo: { owner: 'acme', name: 'nowhere' },
      subject: 'branch/main',
      signals: [],
      settings: SETTINGS,
    });
    expect(answer).toMatchObject({ kind: 'cannot', reason: 'repository-gone' });
  });

  it('trusts the least trusted of those who reported', async () => {
    const found = incident(
      await normalize('branch/main', [signal({ sha: bad }), signal({ id: '2', sha: bad, actor: { id: 'stranger', trust: 'outsider' } })]),
    );
    expect(found.untrusted).toBe(true);
  });
});

describe('normalize of a pull request', () => {
  async function pull(fork = false) {
    const { sha } = await push(world.forgeDir, SHOP, {
      branch: 'topic',
      files: { 'config.yaml': 'mode: broken again\n' },
      message: 'x',
      actor: 'dev',
    });
    await reportCheck(world.forgeDir, SHOP, { sha, name: 'unit', conclusion: 'failure', log: unittestLog(true) });
    const { number } = await openPullRequest(world.forgeDir, SHOP, {
      title: 'Topic',
      body: '',
      headBranch: 'topic',
      author: 'dev',
      fromFork: fork,
    });
    return { sha, number, subject: `pr/${number}` };
  }

  it('heals the head branch while it is open', async () => {
    const { sha, subject } = await pull();
    expect(incident(await normalize(subject, [signal({ subject, sha })]))).toMatchObject({
      targetBranch: 'topic',
      headSha: sha,
      untrusted: false,
    });
  });

  it('heals the default branch instead when that has the problem, too, and its own where that is green', async () => {
    const { sha, subject } = await pull();
    const ofMain = signal({
      id: 'main',
      subject: 'branch/main',
      sha: bad,
      facts: { check: 'unit', mergedFrom: 'heal/acme/shop/branch/main' },
    });
    const both = [signal({ subject, sha }), ofMain];
    expect(incident(await normalize(subject, both))).toMatchObject({ targetBranch: 'main', headSha: bad, landsElsewhere: true });
    await reportCheck(world.forgeDir, SHOP, { sha: bad, name: 'unit', conclusion: 'success' });
    const own = incident(await normalize(subject, both));
    expect(own).toMatchObject({ targetBranch: 'topic', headSha: sha });
    expect(own.landsElsewhere).toBeUndefined();
  });

  it('heals the default branch for an alert that joined, and a repair of another branch is for no service', async () => {
    const { sha, subject } = await pull();
    await deployed(bad);
    const alert = signal({ id: 'alert', kind: 'alert-triggered', subject: 'monitor/1', service: 'shop', facts: {} });
    expect(incident(await normalize(subject, [signal({ subject, sha }), alert]))).toMatchObject({ targetBranch: 'main', service: 'shop' });
    const alone = incident(await normalize(subject, [signal({ subject, sha })]));
    expect(alone).toMatchObject({ targetBranch: 'topic' });
    expect(alone.service).toBeUndefined();
  });

  it('heals the default branch when the branch is in it by now', async () => {
    const { number } = await pull();
    await mergePullRequest(world.forgeDir, SHOP, number, { actor: 'dev', bypass: true });
    const sha = (await world.deps.forge.repositories.resolve(SHOP, 'topic')) ?? '';
    const found = await normalize('branch/topic', [signal({ subject: 'branch/topic', sha })]);
    expect(incident(found)).toMatchObject({ targetBranch: 'main', landsElsewhere: true });
  });

  it('only analyses a fork', async () => {
    const { sha, subject } = await pull(true);
    expect(incident(await normalize(subject, [signal({ subject, sha })]))).toMatchObject({ untrusted: true });
  });

  it('finds a fork by the commit that its checks name, and only analyses it', async () => {
    const { sha } = await pull(true);
    const subject = `sha/${sha}`;
    const outsider = { id: 'github', trust: 'outsider' } as const;
    expect(incident(await normalize(subject, [signal({ subject, sha, actor: outsider })]))).toMatchObject({
      targetBranch: 'topic',
      headSha: sha,
      untrusted: true,
    });
  });

  it('has nothing to do for a commit that is the head of no open pull request', async () => {
    const { sha, number } = await pull(true);
    await closePullRequest(world.forgeDir, SHOP, number, { actor: 'dev' });
    const subject = `sha/${sha}`;
    expect(await normalize(subject, [signal({ subject, sha })])).toMatchObject({ kind: 'no-problem', reason: 'head-moved' });
  });

  it('heals the base branch after it was merged', async () => {
    const { sha, subject, number } = await pull();
    const merged = await mergePullRequest(world.forgeDir, SHOP, number, { actor: 'dev', bypass: true });
    const found = incident(await normalize(subject, [signal({ subject, sha })]));
    expect(found).toMatchObject({ targetBranch: 'main', headSha: merged.kind === 'merged' ? merged.sha : '' });
    expect(found.failingTests.join()).toContain('test_login');
  });

  it('has nothing to do when it was closed', async () => {
    const { sha, subject, number } = await pull();
    await closePullRequest(world.forgeDir, SHOP, number, { actor: 'dev' });
    expect(await normalize(subject, [signal({ subject, sha })])).toMatchObject({ kind: 'no-problem', reason: 'change-closed' });
  });
});

describe('normalize of an alert', () => {
  const alert = (change: Partial<Signal> = {}): Signal =>
    signal({
      id: 'alert-1',
      source: 'datadog',
      kind: 'alert-triggered',
      subject: 'monitor/4711',
      service: 'shop',
      summary: 'error rate 15.2 %',
      facts: {},
      ...change,
    });

  it('takes the command from the checks of what is live, and the service from the alert', async () => {
    await deployed(bad);
    const found = incident(await normalize('monitor/4711', [alert()]));
    expect(found).toMatchObject({
      kind: 'alert',
      command: 'unit',
      service: 'shop',
      environment: 'production',
      deployedSha: bad,
      headSha: bad,
      targetBranch: 'main',
    });
  });

  it('has one signature with the check that shows the same failure', async () => {
    await deployed(bad);
    const code = incident(await normalize('branch/main', [signal({ sha: bad })]));
    const production = incident(await normalize('monitor/4711', [alert()]));
    expect(production.signature).toBe(code.signature);
    expect(code).toMatchObject({ kind: 'code', service: 'shop', deployedSha: bad });
  });

  it('shows the deployments of the day before it, and how long before', async () => {
    await deployed(world.green);
    await deployed(bad);
    const at = new Date(Date.now() + 4 * 60_000).toISOString();
    const { incident: whole } = await readDossier(world.deps, incident(await normalize('monitor/4711', [alert({ at })])).dossier);
    const shown = whole.evidence.filter(({ kind }) => kind === 'deployment').map(({ summary }) => summary);
    expect(shown).toHaveLength(2);
    expect(shown[0]).toMatch(
      new RegExp(`^${bad.slice(0, 10)} was deployed to production for shop: success, .* 4 minutes before the problem showed$`),
    );
  });

  it('cannot go on when no check shows it, and then waits for what explains it by the rules of the policy', async () => {
    await deployed(world.green);
    const found = await normalize('monitor/4711', [alert()]);
    expect(found).toMatchObject({
      kind: 'cannot',
      reason: 'no-command',
      detail: expect.stringContaining('error rate'),
      alert: { service: 'shop', environment: 'production', deployedSha: world.green, waitMs: 300_000 },
    });
    // Every alert of a service that nothing explains is the same problem.
    const other = await normalize('monitor/12', [alert({ subject: 'monitor/12', id: 'other', summary: 'CPU' })]);
    expect(found.kind === 'cannot' && other.kind === 'cannot' && found.alert?.signature === other.alert?.signature).toBe(true);
  });

  it('is no problem any more when it recovered', async () => {
    await deployed(world.green);
    expect(await normalize('monitor/4711', [alert(), alert({ id: 'alert-2', kind: 'alert-recovered' })])).toMatchObject({
      kind: 'no-problem',
      reason: 'alert-recovered',
    });
  });
});

describe('normalize of a request', () => {
  it('heals what a person asked for, with the format of its report', async () => {
    const found = incident(
      await normalize('manual/try', [signal({ kind: 'requested', subject: 'manual/try', facts: {} })], {
        run: 'python3 -m pytest -q',
        timeoutSeconds: 60,
      }),
    );
    expect(found).toMatchObject({ command: 'manual', headSha: bad, targetBranch: 'main', wider: ['manual', 'unit', 'lint'] });
    expect((await readDossier(world.deps, found.dossier)).incident.failing).toMatchObject({
      run: 'python3 -m pytest -q',
      report: 'pytest',
      timeoutSeconds: 60,
    });
    expect(found.lastGreenSha).toBeUndefined();
  });

  it('recognises the policy own command and then knows when it was green', async () => {
    const found = incident(
      await normalize('manual/try', [signal({ kind: 'requested', subject: 'manual/try', facts: {} })], {
        run: 'python3 -m unittest -v',
        timeoutSeconds: 60,
      }),
    );
    expect(found).toMatchObject({ command: 'unit', lastGreenSha: world.green });
  });

  it('heals another branch when asked to', async () => {
    const { sha } = await push(world.forgeDir, SHOP, { branch: 'other', files: { 'a.txt': 'a' }, message: 'x', actor: 'dev' });
    const found = incident(
      await normalize('manual/try', [signal({ kind: 'requested', facts: {} })], {
        run: 'make test',
        timeoutSeconds: 60,
        revision: 'other',
      }),
    );
    expect(found).toMatchObject({ targetBranch: 'other', headSha: sha });
  });

  it('says so when the revision does not exist', async () => {
    expect(
      await normalize('manual/try', [signal({ kind: 'requested', facts: {} })], { run: 'make', timeoutSeconds: 60, revision: 'nowhere' }),
    ).toMatchObject({ kind: 'no-problem', reason: 'head-moved' });
  });
});
