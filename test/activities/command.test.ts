import { describe, expect, it } from 'vitest';
import type { ApprovalDecision } from '../../src/domain/decision.schema.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import type { SplitRequest } from '../../src/domain/messages.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import { openPullRequest, push } from '../../src/integrations/local/admin.ts';
import { openRepository, readPull } from '../../src/integrations/local/repo-store.ts';
import type { DecisionResult } from '../../src/temporal/contract.ts';
import { SHOP } from '../integrations/local/support.ts';
import { type ActivityWorld, activityWorld, SETTINGS } from '../support/activity-world.ts';

const HASH = 'a'.repeat(64);

const waiting: HealingView = {
  healingId: 'heal/acme/shop/pr/1',
  repo: SHOP,
  subject: 'pr/1',
  state: 'awaiting-approval',
  attempt: 1,
  title: 'test fails @everyone <img src=x>',
  approval: { changeSetHash: HASH, approvers: [], paths: ['a'], reasons: ['protected path'] },
  paused: false,
  signals: 1,
  timeline: [{ at: '2026-11-23T10:00:00.000Z', state: 'proving', text: 'red, then green' }],
};

let world: ActivityWorld;

function command(name: string, actor: string, facts: Record<string, string> = {}): Signal {
  return {
    id: `guid-${name}-${actor}`,
    source: 'github',
    kind: 'commanded',
    repo: SHOP,
    subject: 'pr/1',
    at: '2026-11-23T10:00:00.000Z',
    actor: { id: actor, trust: 'outsider' },
    summary: `/suture ${name}`,
    facts: { command: name, comment: '77', number: '1', ...facts },
  };
}

/** A world with pull request 1 and a healing that waits; what reached Temporal is collected. */
async function open(
  view: HealingView | null = waiting,
  result: DecisionResult = { kind: 'applied', receipt: { accepted: true, state: 'publishing' } },
) {
  const sent: { decisions: ApprovalDecision[]; stopped: string[]; reported: Signal[] } = { decisions: [], stopped: [], reported: [] };
  const split: SplitRequest[] = [];
  world = await activityWorld({
    maintainers: ['mara'],
    healings: {
      view: async () => view,
      decide: async (_id, decision) => {
        sent.decisions.push(decision);
        return result;
      },
      split: async (_id, request) => {
        split.push(request);
        return result;
      },
      stop: async (id) => {
        sent.stopped.push(id);
        return result;
      },
      report: async (input, signal) => {
        sent.reported.push(signal);
        return { healingId: `heal/acme/shop/${input.subject}`, runId: 'run' };
      },
    },
  });
  await push(world.forgeDir, SHOP, { branch: 'work', files: { 'x.txt': 'x\n' }, message: 'x', actor: 'dev' });
  const pull = await openPullRequest(world.forgeDir, SHOP, { title: 'x', body: '', headBranch: 'work', author: 'dev' });
  const comments = async (): Promise<readonly string[]> => {
    const record = await readPull(await openRepository(world.forgeDir, SHOP), pull.number);
    return (record?.comments ?? []).map((comment) => comment.body);
  };
  const give = (name: string, actor: string, facts: Record<string, string> = {}) =>
    world.activities.obeyCommand({ signal: command(name, actor, facts), settings: SETTINGS });
  return { sent, split, headSha: pull.headSha, comments, give };
}

describe('a command in a comment', () => {
  it('of somebody without rights does nothing, whatever the delivery says of them', async () => {
    const { sent, comments, give } = await open();
    for (const name of ['heal', 'approve', 'reject', 'stop', 'status']) expect((await give(name, 'mallory')).kind).toBe('refused');
    expect(sent).toEqual({ decisions: [], stopped: [], reported: [] });
    expect(await comments()).toEqual([]);
  });

  it('approves the change that waits, in the name of who the forge confirmed', async () => {
    const { sent, give } = await open();
    expect(await give('approve', 'mara')).toEqual({ kind: 'obeyed', detail: 'approved' });
    expect(sent.decisions).toEqual([
      { id: 'guid-approve-mara', verdict: 'approve', changeSetHash: HASH, actor: { id: 'mara', trust: 'maintainer' }, via: 'comment' },
    ]);
  });

  it('refuses an approval of a change that is another one by now', async () => {
    const { sent, give } = await open();
    expect(await give('approve', 'mara', { changeSet: 'bbbbbbbb' })).toMatchObject({ kind: 'refused' });
    expect(sent.decisions).toEqual([]);
    expect(await give('approve', 'mara', { changeSet: HASH.slice(0, 8) })).toMatchObject({ kind: 'obeyed' });
  });

  it('says why it was not done, once, however often it is delivered', async () => {
    const { comments, give } = await open(waiting, {
      kind: 'refused',
      reason: 'NotAnApprover',
      detail: 'mara may not <b>decide</b> @here',
    });
    await give('approve', 'mara');
    await give('approve', 'mara');
    const said = await comments();
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('was not done');
    expect(said[0]).not.toContain('<b>');
    expect(said[0]).not.toMatch(/@here/);
  });

  it('answers status and explain with what the healing shows, escaped', async () => {
    const { comments, give } = await open();
    expect(await give('status', 'mara')).toMatchObject({ kind: 'obeyed' });
    await give('explain', 'mara');
    const [status, explain] = await comments();
    expect(status).toContain('awaiting');
    expect(status).not.toContain('<img');
    expect(status).not.toMatch(/@everyone/);
    expect(explain).toContain('red, then green');
  });

  it('splits what was joined wrongly', async () => {
    const { split } = await open();
    const joined = 'heal/acme/shop/monitor/1';
    const signal = command('split', 'mara', { to: joined });
    expect(await world.activities.obeyCommand({ signal, settings: SETTINGS })).toMatchObject({ kind: 'obeyed' });
    expect(split).toMatchObject([{ id: signal.id, joined, actor: { id: 'mara', trust: 'maintainer' } }]);
  });

  it('is no approval when it reviewed an older commit than the one that would go out', async () => {
    const { sent, headSha } = await open();
    const review = (sha: string) =>
      world.activities.obeyCommand({
        signal: { ...command('review-approved', 'mara'), id: `review-${sha.slice(0, 4)}`, sha },
        settings: SETTINGS,
      });
    expect(await review('9'.repeat(40))).toMatchObject({ kind: 'refused', detail: expect.stringContaining('older commit') });
    expect(sent.decisions).toEqual([]);
    expect(await review(headSha)).toMatchObject({ kind: 'obeyed' });
    expect(sent.decisions).toMatchObject([{ verdict: 'approve', changeSetHash: HASH, actor: { id: 'mara' } }]);
  });

  it('stops, and starts what nobody works on, in the name of the person', async () => {
    const { sent, give } = await open(null);
    await give('stop', 'mara');
    await give('heal', 'mara');
    expect(sent.stopped).toEqual(['heal/acme/shop/pr/1']);
    expect(sent.reported).toMatchObject([{ kind: 'requested', subject: 'pr/1', actor: { id: 'mara', trust: 'maintainer' } }]);
    expect(await give('approve', 'mara')).toMatchObject({ kind: 'refused' });
  });

  it('is written to the audit trail with who asked and what became of it', async () => {
    const { give } = await open();
    await give('approve', 'mara');
    await give('dance', 'mara');
    expect((await world.actions()).filter((action) => action === 'command')).toHaveLength(2);
  });
});
