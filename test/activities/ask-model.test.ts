import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { writeDossier } from '../../src/activities/dossier.ts';
import { putJson } from '../../src/activities/stored.ts';
import type { BudgetLimits } from '../../src/domain/budget.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { ModelQuestion, ModelReply } from '../../src/domain/model-exchange.schema.ts';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';
import type { Model } from '../../src/integrations/contract.ts';
import { createArtifactStore } from '../../src/store/artifact-store.ts';
import { readAuditTrail } from '../../src/store/read-audit-trail.ts';
import { contextOf } from '../strategies/model-patch/support.ts';
import { activityWorld } from '../support/activity-world.ts';
import { ASKING, asking, MOMENTS, NOON, UNLIMITED } from '../support/model/asking.ts';
import { type Heard, type ModelStandIn, type Said, startModelStandIn } from '../support/model/stand-in.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ASKER = fileURLToPath(new URL('./model-asker.ts', import.meta.url));
const QUESTION: ModelQuestion = { purpose: 'diagnose', instructions: 'Say it.', input: 'x'.repeat(2_993), maxOutputTokens: 1_000 };
/** 1,000 tokens in and 1,000 out at the price of gpt-4.1. */
const WORST = { tokens: 2_000, usd: 0.01 };

const open: ModelStandIn[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
});

async function standInThat(say: (heard: Heard, nth: number) => Said): Promise<ModelStandIn> {
  const standIn = await startModelStandIn(say);
  open.push(standIn);
  return standIn;
}

/** A world that asks this model. */
async function worldWith(
  ask: Model['ask'],
  change: { readonly limits?: Partial<BudgetLimits>; readonly policy?: object; readonly price?: Model['price'] } = {},
) {
  const world = await activityWorld({
    deps: {
      model: { name: 'scripted', price: change.price === undefined ? { input: 2, cachedInput: 0.5, output: 8 } : change.price, ask },
      budgetLimits: { ...UNLIMITED, ...change.limits },
      now: () => NOON,
    },
  });
  const policy = RepositoryPolicy.parse({ version: 1, ...change.policy });
  const dossier = await writeDossier(world.deps, { incident: contextOf().incident, policy });
  const question = await putJson(world.deps, QUESTION);
  const put = (key = ASKING.key, raised = 0) => world.activities.askModel({ ...ASKING, key, dossier, question, raised });
  return { world, dossier, put, used: (scope: string) => world.deps.budget.used(scope) };
}

const text = (usage: ModelReply['usage'] = { inputTokens: 400, cachedTokens: 100, outputTokens: 50 }): ModelReply => ({
  kind: 'text',
  text: 'It broke.',
  model: 'scripted-1',
  usage,
});
const INCIDENT = 'incident/heal/acme/shop/branch/main/run-1';

describe('asking a model', () => {
  it('charges what the vendor says, in every scope, and records who was asked and not what was said', async () => {
    const { world, put, used } = await worldWith(async () => text());
    const answered = await put();
    expect(answered).toMatchObject({ kind: 'answered', tokens: 450, detail: 'scripted-1: text, 400 tokens in, 50 out, 0.0010 US dollars' });
    for (const scope of [INCIDENT, 'repository/acme/shop/2026-11-23', 'organisation/acme/2026-11-23', 'day/2026-11-23'])
      expect(await used(scope)).toEqual({ tokens: 450, usd: (300 * 2 + 100 * 0.5 + 50 * 8) / 1e6 });
    const entries = [];
    for await (const entry of readAuditTrail(world.auditDir)) entries.push(entry);
    expect(entries).toMatchObject([
      { action: 'model-asked', facts: { purpose: 'diagnose', model: 'scripted-1', inputTokens: 400, reply: 'text' } },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/It broke|Say it/);
  });

  it('asks and charges once for one key', async () => {
    let calls = 0;
    const { put, used } = await worldWith(async () => {
      calls += 1;
      return text();
    });
    const [first, second] = [await put(), await put()];
    expect(second).toEqual(first);
    expect(calls).toBe(1);
    expect((await used(INCIDENT)).tokens).toBe(450);
  });

  it('sets the worst case aside before it asks', async () => {
    let during: object = {};
    const { put, used } = await worldWith(async () => {
      during = await used(INCIDENT);
      return text();
    });
    await put();
    expect(during).toEqual(WORST);
  });

  it('asks nobody when the worst case does not fit, and says what a person can do', async () => {
    const { world, put } = await worldWith(async () => expect.fail('it was asked'), { limits: { perDay: { usd: 0.005 } } });
    const over = await put();
    expect(over).toEqual({
      kind: 'over-budget',
      detail:
        'The budget of this server for today is used up: 0 of 0.005 US dollars are used or set aside, and this step may need 0.01 more. ' +
        "Allow it here, or raise `budget.perDay.usd` in the server's configuration for the next ones.",
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      approvers: [],
    });
    expect(await put()).toEqual(over);
    expect(await world.actions()).toEqual([]);
  });

  it('goes on when a person raised it, by as much again', async () => {
    const { put } = await worldWith(async () => text(), { limits: { perIncident: { tokens: 1_000 } } });
    const [first, second] = [await put(), await put(ASKING.key, 1)];
    expect([first.kind, second.kind]).toEqual(['over-budget', 'answered']);
    const third = await put(`${ASKING.key}2`, 1);
    expect(third).toMatchObject({ kind: 'over-budget' });
    expect(third).not.toMatchObject({ hash: 'hash' in first ? first.hash : '' });
  });

  it("names the repository's policy where that is what is stricter, and its approvers", async () => {
    const policy = { budget: { perIncident: { tokens: 10 } }, approvers: ['maria'] };
    const { put } = await worldWith(async () => text(), { policy, limits: { perIncident: { tokens: 100_000 } } });
    expect(await put()).toMatchObject({
      detail: expect.stringContaining("`budget.perIncident.tokens` in the repository's policy"),
      approvers: ['maria'],
    });
  });

  it('gives the next incident of the same subject a budget of its own', async () => {
    const { put } = await worldWith(async () => text(), { limits: { perIncident: { tokens: 2_000 } } });
    expect((await put()).kind).toBe('answered');
    expect((await put(`${ASKING.key}2`)).kind).toBe('over-budget');
    expect((await put(ASKING.key.replace('run-1', 'run-2'))).kind).toBe('answered');
  });

  it.each<[string, Model['ask'], string]>([
    [
      'is out of money',
      async () => Promise.reject(new Failure('not-permitted', 'the quota is used up')),
      'no model answered: the quota is used up',
    ],
    [
      'refuses',
      async () => ({ kind: 'refused', detail: 'no', model: 'm', usage: text().usage }),
      'm: refused, 400 tokens in, 50 out, 0.0010 US dollars',
    ],
  ])('has an answer where the model %s', async (_, ask, detail) => {
    const { put, used } = await worldWith(ask);
    expect(await put()).toMatchObject({ kind: 'answered', detail });
    expect((await used(INCIDENT)).tokens).toBe(detail.startsWith('no model') ? 0 : 450);
  });

  it('leaves it to a repeat where nobody answers now, and keeps what it set aside', async () => {
    let away = true;
    const { put, used } = await worldWith(async () => {
      if (away) throw new Failure('model-unavailable', 'away', { retryAfterMs: 1_500 });
      return text();
    });
    await expect(put()).rejects.toMatchObject({ type: 'model-unavailable', nonRetryable: false, nextRetryDelay: 1_500 });
    expect(await used(INCIDENT)).toEqual(WORST);
    away = false;
    expect((await put()).kind).toBe('answered');
    expect((await used(INCIDENT)).tokens).toBe(450);
  });

  it('counts four characters as a token where the vendor names no usage', async () => {
    const { put } = await worldWith(async () => text(null), { price: null });
    expect(await put()).toMatchObject({ tokens: 750 + 3, usd: 0 });
  });

  it('says that there is no model where none is configured', async () => {
    const world = await activityWorld({ deps: { model: null } });
    const dossier = await writeDossier(world.deps, { incident: contextOf().incident, policy: RepositoryPolicy.parse({ version: 1 }) });
    const question = await putJson(world.deps, QUESTION);
    expect(await world.activities.askModel({ ...ASKING, dossier, question, raised: 0 })).toMatchObject({
      kind: 'answered',
      detail: 'no model answered: no model is configured',
      usd: 0,
    });
  });
});

describe('a process that is killed while it asks', () => {
  /** A state folder with a dossier and a question in it. */
  async function prepared() {
    const stateDir = temporaryFolder();
    writeFileSync(join(stateDir, 'audit.key'), generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const stores = { artifacts: createArtifactStore(join(stateDir, 'artifacts')) };
    const dossier = await writeDossier(stores, { incident: contextOf().incident, policy: RepositoryPolicy.parse({ version: 1 }) });
    return { stateDir, dossier, question: await putJson(stores, QUESTION) };
  }
  type Prepared = Awaited<ReturnType<typeof prepared>>;

  const start = ({ stateDir, dossier, question }: Prepared, url: string, moment: string) =>
    spawn(process.execPath, [ASKER, stateDir, url, JSON.stringify(dossier), JSON.stringify(question), moment], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  /** Runs it again to its end, twice, and looks at what was charged and recorded. */
  async function again({ stateDir, dossier, question }: Prepared, url: string) {
    const { activities, budget } = asking(stateDir, url);
    const input = { ...ASKING, dossier, question, raised: 0 };
    const answers = [await activities.askModel(input), await activities.askModel(input)];
    const actions: string[] = [];
    for await (const { action } of readAuditTrail(join(stateDir, 'audit'))) actions.push(action);
    return { answers, actions, charged: await budget.used(INCIDENT), today: await budget.used('day/2026-11-23') };
  }

  it.each(MOMENTS)('%s: is charged and recorded once when it runs again', { timeout: 60_000 }, async (moment) => {
    const standIn = await standInThat(() => ({ text: 'It broke.' }));
    const world = await prepared();
    const child = start(world, standIn.url, moment);
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    const { answers, actions, charged, today } = await again(world, standIn.url);
    expect(answers[1]).toEqual(answers[0]);
    expect(charged).toEqual({ tokens: 110, usd: (80 * 2 + 20 * 0.5 + 10 * 8) / 1e6 });
    expect(today).toEqual(charged);
    expect(actions).toEqual(['model-asked']);
    // Only what was answered and not yet remembered is asked for again.
    const twice = moment === 'after-the-answer' || moment === 'after-storing-the-answer';
    expect(standIn.heard).toHaveLength(twice ? 2 : 1);
  });

  it('while the model thinks: is charged and recorded once when it runs again', { timeout: 60_000 }, async () => {
    const standIn = await standInThat((_, nth) => (nth === 1 ? { fault: 'hang' } : { text: 'It broke.' }));
    const world = await prepared();
    const child = start(world, standIn.url, 'never');
    await expect.poll(() => standIn.heard.length, { timeout: 30_000 }).toBe(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { actions, charged } = await again(world, standIn.url);
    expect(charged.tokens).toBe(110);
    expect(actions).toEqual(['model-asked']);
    expect(standIn.heard).toHaveLength(2);
  });
});
