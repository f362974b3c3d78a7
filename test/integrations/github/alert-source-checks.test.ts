import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchFor } from '../../../src/activities/keys.ts';
import { SafeName } from '../../../src/domain/names.schema.ts';
import { ownCheck } from '../../support/github/own-check.ts';
import { BEFORE, burst, checkRun, healings, heard, REPOSITORY, reason, SHA, status, stub, workflowRun } from './alert-source-support.ts';

const FORK = { id: 99, full_name: 'olaf/shop' };
const STARTING = ['check-failed', 'requested', 'alert-triggered', 'patrol-found'];

describe('a workflow that fails', () => {
  const places = {
    'on the default branch': { where: { branch: 'main', pulls: [] }, id: 'heal/acme/shop/branch/main', trust: 'system' },
    'on another branch': { where: { branch: 'feature/x_1', pulls: [] }, id: 'heal/acme/shop/branch/feature/x_1', trust: 'system' },
    'on a pull request': { where: { branch: 'feature', pulls: [stub(12, 'feature')] }, id: 'heal/acme/shop/pr/12', trust: 'system' },
    'on a fork': { where: { branch: 'main', pulls: [], fork: true }, id: `heal/acme/shop/sha/${SHA}`, trust: 'outsider' },
  };

  it.each(Object.entries(places))('%s arrives as a dozen events and is one incident, in any order', (_name, { where, id, trust }) => {
    const events = burst(where);
    expect(events.length).toBeGreaterThanOrEqual(12);
    fc.assert(
      fc.property(fc.shuffledSubarray([...events], { minLength: events.length }), (order) => {
        const signals = order.flatMap(([event, payload], index) => heard(event, payload, `guid-${index}`));
        const starting = signals.filter((signal) => STARTING.includes(signal.kind));
        expect(starting.length).toBeGreaterThanOrEqual(1);
        expect(healings(starting)).toEqual([id]);
        expect(new Set(starting.map((signal) => signal.actor.trust))).toEqual(new Set([trust]));
        expect(new Set(signals.map((signal) => signal.id)).size).toBe(signals.length);
      }),
      { numRuns: 10 },
    );
  });

  it('tells which workflow and run, and for which commit', () => {
    expect(heard('workflow_run', workflowRun({ run_attempt: 2 }))).toEqual([
      expect.objectContaining({
        source: 'github',
        kind: 'check-failed',
        subject: 'branch/main',
        sha: SHA,
        at: '2026-11-23T11:59:00.000Z',
        actor: { id: 'github', trust: 'system' },
        summary: 'workflow CI ended as failure on main',
        facts: { branch: 'main', fork: 'false', workflow: 'CI', conclusion: 'failure', run: '5001', attempt: '2', event: 'push' },
      }),
    ]);
  });

  it('counts when it timed out or did not start, and not when somebody stopped it', () => {
    const conclusions = [
      'failure',
      'timed_out',
      'startup_failure',
      'cancelled',
      'action_required',
      'neutral',
      'skipped',
      'stale',
      null,
      'new-one',
    ];
    const counted = conclusions.filter((conclusion) => heard('workflow_run', workflowRun({ conclusion })).length > 0);
    expect(counted).toEqual(['failure', 'timed_out', 'startup_failure']);
  });

  it('before it had jobs is named by itself: no check run ever will', () => {
    expect(heard('workflow_run', workflowRun({ conclusion: 'startup_failure' }))[0]?.facts['check']).toBe('CI');
    expect(heard('workflow_run', workflowRun())[0]?.facts['check']).toBeUndefined();
  });

  it('in a merge queue is left to the pull request', () => {
    expect(reason('workflow_run', workflowRun({ event: 'merge_group', head_branch: 'gh-readonly-queue/main/pr-12-abc' }))).toContain(
      'merge queue',
    );
  });

  it('on a branch whose name cannot be a subject is ignored, without harm to other branches', () => {
    for (const branch of ['a b', '../../x', 'ü', '-x', 'x'.repeat(200), 'a\nb', '$(id)', '#12'])
      expect(reason('workflow_run', workflowRun({ head_branch: branch }))).toContain('cannot be the subject');
  });

  it('is about each pull request that has its commit', () => {
    const signals = heard('workflow_run', workflowRun({ pull_requests: [stub(12, 'feature'), stub(13, 'feature', { base: 'next' })] }));
    expect(signals.map(({ id, subject }) => [id.slice(36), subject])).toEqual([
      ['', 'pr/12'],
      ['-1', 'pr/13'],
    ]);
  });

  it('is not about a pull request from here into another repository', () => {
    const elsewhere = stub(900, 'main', { baseRepo: 99 });
    expect(healings(heard('workflow_run', workflowRun({ pull_requests: [elsewhere] })))).toEqual(['heal/acme/shop/branch/main']);
    expect(healings(heard('workflow_run', workflowRun({ pull_requests: [elsewhere, stub(12, 'main')] })))).toEqual([
      'heal/acme/shop/pr/12',
    ]);
  });
});

describe('a workflow that passes', () => {
  it('says nothing: it may be another one than the one that failed', () => {
    expect(reason('workflow_run', workflowRun({ conclusion: 'success' }))).toBe('which checks passed is said by their check runs');
  });
});

describe('the code of a fork', () => {
  it('is never taken for a branch of the same name here', () => {
    const onMain = { head_branch: 'main', head_repository: FORK };
    expect(heard('workflow_run', workflowRun(onMain))).toMatchObject([
      { subject: `sha/${SHA}`, actor: { trust: 'outsider' }, facts: { fork: 'true' } },
    ]);
    for (const head_repository of [null, {}, { id: 'x' }])
      expect(heard('workflow_run', workflowRun({ ...onMain, head_repository }))).toMatchObject([
        { subject: `sha/${SHA}`, actor: { trust: 'outsider' } },
      ]);
  });

  it('is not taken for a branch here when a job of GitHub Actions fails on it', () => {
    const job = checkRun({ check_suite: { head_branch: 'main', pull_requests: [] } });
    expect(reason('check_run', job)).toBe('whose branch a failed job ran on is said by its workflow run');
  });

  it('is analysed only, also where a pull request is named', () => {
    const foreign = { pull_requests: [stub(12, 'main', { headRepo: 99 })], head_repository: FORK };
    expect(heard('workflow_run', workflowRun(foreign))).toMatchObject([
      { subject: 'pr/12', actor: { trust: 'outsider' }, facts: { fork: 'true' } },
    ]);
    expect(heard('check_run', checkRun(foreign))).toMatchObject([{ subject: 'pr/12', actor: { trust: 'outsider' } }]);
  });

  it('is known by its commit when another App checks it', () => {
    const app = checkRun({ app: { slug: 'other-ci' }, check_suite: { head_branch: null, pull_requests: [] } });
    expect(heard('check_run', app)).toMatchObject([{ kind: 'check-failed', subject: `sha/${SHA}`, actor: { trust: 'outsider' } }]);
    expect(heard('status', status('failure', []))).toMatchObject([{ subject: `sha/${SHA}`, actor: { trust: 'outsider' } }]);
  });

  it('does not become ours by the name of its branch', () => {
    const branch = 'suture/pr-12-1a2b3c4d';
    const signals = [
      ...heard('workflow_run', workflowRun({ head_branch: branch, head_repository: FORK })),
      ...heard('workflow_run', workflowRun({ pull_requests: [stub(14, branch, { headRepo: 99 })], head_repository: FORK })),
    ];
    expect(signals.map(({ subject, facts }) => [subject, facts['own']])).toEqual([
      [`sha/${SHA}`, undefined],
      ['pr/14', undefined],
    ]);
  });
});

describe('a check run', () => {
  it('of a pull request names the check, whoever ran it', () => {
    for (const slug of ['github-actions', 'other-ci'])
      expect(heard('check_run', checkRun({ app: { slug }, pull_requests: [stub(12, 'feature')] }))).toMatchObject([
        {
          kind: 'check-failed',
          subject: 'pr/12',
          sha: SHA,
          summary: 'check test failed on pull request 12',
          facts: { check: 'test', conclusion: 'failure', number: '12', branch: 'feature', fork: 'false', app: slug },
        },
      ]);
  });

  it('that passes says so for its own check and commit', () => {
    expect(heard('check_run', checkRun({ conclusion: 'success' }))).toMatchObject([
      { kind: 'check-passed', subject: 'branch/main', sha: SHA, facts: { check: 'test' } },
    ]);
  });

  it('that timed out failed', () => {
    const timedOut = checkRun({ conclusion: 'timed_out', pull_requests: [stub(12, 'feature')] });
    expect(heard('check_run', timedOut)).toMatchObject([{ kind: 'check-failed', facts: { conclusion: 'timed-out' } }]);
  });

  it('of our own is no news', () => {
    expect(reason('check_run', checkRun({ name: 'Suture', app: { slug: 'whatever' } }))).toBe('our own check run');
    expect(reason('check_run', checkRun({ name: 'test', app: { slug: 'suture-healer' } }))).toBe('our own check run');
    expect(reason('status', status('failure', ['main'], { context: 'Suture' }))).toBe('our own status');
  });

  it('without a name or a commit is ignored', () => {
    expect(reason('check_run', checkRun({ name: null }))).toContain('no name');
    expect(reason('check_run', checkRun({ head_sha: 'f'.repeat(64) }))).toContain('names no commit');
  });
});

describe('a commit status', () => {
  it('counts for the branches whose head it is', () => {
    const branches = [
      { name: 'main', commit: { sha: SHA } },
      { name: 'later', commit: { sha: BEFORE } },
    ];
    expect(heard('status', status('error', [], { branches })).map(({ kind, subject }) => [kind, subject])).toEqual([
      ['check-failed', 'branch/main'],
    ]);
    expect(reason('status', status('failure', [], { branches: branches.slice(1) }))).toBe(
      'the commit is the head of no branch that is watched',
    );
  });

  it('passes, fails, or is waited for', () => {
    const kinds = ['success', 'failure', 'error', 'pending'].map((state) => heard('status', status(state, ['main']))[0]?.kind);
    expect(kinds).toEqual(['check-passed', 'check-failed', 'check-failed', undefined]);
  });
});

describe('what happens on a branch of a fix', () => {
  const branch = 'suture/pr-12-1a2b3c4d';
  const events = [
    ...burst({ branch, pulls: [stub(124, branch)] }),
    ...burst({ branch, pulls: [] }),
    ['status', status('failure', [branch])] as const,
    ['check_run', checkRun({ app: { slug: 'other-ci' }, check_suite: { head_branch: branch } })] as const,
  ];

  it('is marked as our own and goes to the healing that made it', () => {
    const signals = events.flatMap(([event, payload]) => heard(event, payload));
    expect(signals.length).toBeGreaterThan(5);
    expect(new Set(signals.map((signal) => signal.facts['own']))).toEqual(new Set(['true']));
    expect(healings(signals)).toEqual(['heal/acme/shop/pr/12']);
  });

  it('that is named after nothing is ignored, and begins nothing', () => {
    for (const name of ['suture/fix', 'suture/x-1a2b3c4d', 'suture/'])
      for (const [event, payload] of [...burst({ branch: name, pulls: [stub(124, name)] }), ...burst({ branch: name, pulls: [] })])
        expect(heard(event, payload), `${event} on ${name}`).toEqual([]);
  });

  it('finds its way back from the name that the publisher gives it', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,50}$/);
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 99_999 }), (base, number) => {
        const made = (subject: string): string => branchFor(`heal/acme/shop/${subject}`, 'key');
        const of = (subject: string, into: string) =>
          heard('workflow_run', workflowRun({ pull_requests: [stub(900, made(subject), { base: into })] }))[0]?.subject;
        expect(of(`pr/${number}`, base)).toBe(`pr/${number}`);
        expect(of(`issue/${number}`, base)).toBe(`issue/${number}`);
        expect(of(`branch/${base}`, base)).toBe(`branch/${base}`);
      }),
      { numRuns: 200 },
    );
    expect(SafeName.safeParse(REPOSITORY.name).success).toBe(true);
  });
});

describe('payloads derived for these tests', async () => {
  const spec = await ownCheck();
  const derived: ReadonlyArray<readonly [string, string, unknown]> = [
    ['workflow_run', 'completed', workflowRun()],
    ['workflow_run', 'completed', workflowRun({ conclusion: 'timed_out', pull_requests: [stub(12, 'feature')] })],
    ['workflow_run', 'completed', workflowRun({ conclusion: 'startup_failure' })],
  ];

  it(`are heard, and are what the published specification says${spec === null ? ', which is not here to compare with' : ''}`, () => {
    for (const [event, action, payload] of derived) {
      expect(heard(event, payload)).toHaveLength(1);
      expect(spec?.event(event, action, payload as never) ?? []).toEqual([]);
    }
    expect(
      spec === null || spec.event('workflow_run', 'completed', { ...workflowRun(), workflow_run: { conclusion: 7 } } as never).length > 0,
    ).toBe(true);
  });
});
