import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../../src/activities/index.ts';
import { isApprover } from '../../../src/domain/approvers.ts';
import type { Signal } from '../../../src/domain/signal.schema.ts';
import { activityDeps, nothingSeen, SETTINGS, signal } from '../../support/activity-world.ts';
import { type GitHubStandIn, type StandInRepository, startGitHubStandIn } from '../../support/github/stand-in.ts';
import { appCredentialsOf } from '../../support/github/under-test.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { VARIANTS } from './faults/variants.ts';
import { clientOf, forgeOf } from './support.ts';

const MEMBERSHIP = 'GET /orgs/{org}/teams/{team_slug}/memberships/{username}';
const TEAM = 'github-team:acme/platform';

let standIn: GitHubStandIn;
let repository: StandInRepository;
beforeAll(async () => {
  standIn = await startGitHubStandIn();
  repository = await standIn.repository();
  await standIn.teams.create('platform', { maria: 'active', 'suture-bot': 'pending' });
  await standIn.teams.create('gone', { maria: 'active' });
  await standIn.teams.remove('gone');
});
afterAll(() => standIn.close());
beforeEach(() => standIn.clearFaults());

/** Somebody comments `/suture approve` while one of `approvers` is waited for; what is answered, and who Temporal was told decides. */
async function approves(login: string, approvers: readonly string[], from = standIn) {
  const { hands, owner, name } = repository;
  const forge = forgeOf(clientOf(from.url, appCredentialsOf(from)));
  const warned: string[] = [];
  let decided: Signal['actor'] | undefined;
  const deps = activityDeps(temporaryFolder(), forge, nothingSeen(), {
    deps: {
      log: {
        debug: () => undefined,
        info: () => undefined,
        warn: (facts) => void warned.push(JSON.stringify(facts)),
        error: () => undefined,
      },
    },
    healings: {
      view: async () => ({ approval: { changeSetHash: 'a'.repeat(64), approvers } }) as never,
      // As the healing's own validator judges it.
      decide: async (_id, decision) => {
        decided = decision.actor;
        return isApprover(approvers, decision.actor)
          ? { kind: 'applied', receipt: {} as never }
          : { kind: 'refused', reason: 'not-an-approver' as never, detail: `${decision.actor.id} is not among the approvers` };
      },
    },
  });
  const number = await hands.openIssue('t', 'b');
  const comment = await hands.comment(number, '/suture approve', 'maria');
  const asked = signal({
    id: `comment:${comment}`,
    source: 'github',
    kind: 'requested',
    repo: { owner, name },
    subject: `issue/${number}`,
    actor: { id: login, trust: 'collaborator' },
    facts: { command: 'approve', comment: String(comment), number: String(number) },
  });
  const answer = await createActivities(deps).obeyCommand({ signal: asked, settings: SETTINGS });
  const replies = (await hands.comments(number)).map((one) => String(one.body)).slice(1);
  return { answer, warned, decided, replies };
}

describe('an approval by a team', () => {
  it('counts when GitHub says now that whoever gives it is an active member', async () => {
    const { answer, decided, replies } = await approves('maria', [TEAM]);
    expect(answer.kind).toBe('obeyed');
    expect(decided).toEqual({ id: 'maria', trust: 'maintainer', groups: [TEAM] });
    expect(replies).toEqual([]);
  });

  it('does not count for one who was invited and has not accepted', async () => {
    const { answer, decided, replies } = await approves('suture-bot', [TEAM]);
    expect(answer.kind).toBe('refused');
    expect(decided?.groups).toBeUndefined();
    expect(replies.join()).toContain('was not done');
  });

  it('does not count for one who is not in it, though they may write', async () => {
    await standIn.teams.create('others', {});
    expect((await approves('maria', ['github-team:acme/others'])).answer).toMatchObject({
      kind: 'refused',
      detail: expect.not.stringContaining('does not exist'),
    });
  });

  it('is not even asked about where the team belongs to another organisation', async () => {
    const before = standIn.calls.length;
    expect((await approves('maria', ['github-team:umbrella/platform'])).answer.kind).toBe('refused');
    expect(standIn.calls.slice(before).map((call) => call.operation)).not.toContain(MEMBERSHIP);
  });

  it('is refused with the reason where the team is gone, to the person and in the log', async () => {
    const { answer, replies, warned } = await approves('maria', ['github-team:acme/gone']);
    expect(answer).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/github-team:acme\/gone does not exist .*suture\.yml/) });
    expect(replies.join()).toMatch(/does not exist/);
    expect(warned.join()).toContain('github-team:acme/gone');
  });

  it('counts by one team where another is gone', async () => {
    expect((await approves('maria', ['github-team:acme/gone', TEAM])).answer.kind).toBe('obeyed');
  });

  it('is refused with the reason where the App may not see who is in a team', async () => {
    const blind = await startGitHubStandIn({
      permissions: { metadata: 'read', issues: 'write', pull_requests: 'write', contents: 'read' },
    });
    try {
      const { owner, name } = await blind.repository();
      const forge = forgeOf(clientOf(blind.url, appCredentialsOf(blind)));
      await expect(forge.people.groups?.({ owner, name }, 'maria', [TEAM])).rejects.toMatchObject({ code: 'not-permitted' });
    } finally {
      await blind.close();
    }
  });

  it.each(VARIANTS.map(({ name, rule }) => [name, rule] as const))('is never granted by a fault of that call: %s', async (_name, rule) => {
    const at = { owner: repository.owner, name: repository.name };
    const forge = forgeOf(clientOf(standIn.url, appCredentialsOf(standIn), { timeoutMs: rule.kind.includes('hang') ? 500 : 10_000 }));
    await forge.people.trust(at, 'maria');
    const fault = standIn.fault({ operation: MEMBERSHIP, times: 9, ...rule });
    // Somebody who is in it: whatever is granted here was granted by the fault.
    const groups = await forge.people.groups?.(at, 'maria', [TEAM]).then(
      (found) => found.in,
      () => [],
    );
    expect(fault.hits()).toBe(1);
    expect(groups).toEqual([]);
  });
});

it("every request is valid against GitHub's own published specification, where that is at hand", () => {
  expect(standIn.violations, standIn.violations.join('\n')).toEqual([]);
});
