import { describe, expect, it } from 'vitest';
import { noteReverts, ownReverts } from '../../src/activities/own-reverts.ts';
import type { BudgetClaim } from '../../src/domain/budget.ts';
import type { Plan } from '../../src/domain/plan.schema.ts';
import { commitOf } from '../strategies/context.ts';

const repo = { owner: 'acme', name: 'shop' };
const sha = 'a'.repeat(40);
const incident = { repo, commits: [commitOf(sha), commitOf('b'.repeat(40))] };

/** Stores in memory; the ledger counts each key once, as the real one does. */
function memory(now: string) {
  const records = new Map<string, string>();
  const reserved = new Map<string, readonly BudgetClaim[]>();
  const plan: Plan = { strategy: 'revert', title: 't', rationale: 'r', steps: [{ kind: 'revert-commit', sha }], risk: 'low' };
  return {
    at: now,
    now() {
      return new Date(this.at);
    },
    artifacts: {
      put: () => Promise.reject(new Error('nothing is stored')),
      get: () => Promise.resolve(new TextEncoder().encode(JSON.stringify(plan))),
    },
    records: {
      get: (key: string) => Promise.resolve(records.get(key) ?? null),
      putOnce: (key: string, value: string) => Promise.resolve(records.get(key) ?? (records.set(key, value), value)),
    },
    budget: {
      reserve(key: string, claims: readonly BudgetClaim[]) {
        if (!reserved.has(key)) reserved.set(key, claims);
        return Promise.resolve(null);
      },
      settle: () => Promise.resolve(),
      used: (scope: string) =>
        Promise.resolve({
          pullRequests: [...reserved.values()]
            .flat()
            .filter((claim) => claim.scope === scope)
            .reduce((sum, { amounts }) => sum + (amounts.pullRequests ?? 0), 0),
        }),
    },
  };
}

const summary = (strategy: string) => ({
  artifact: { sha256: 'c'.repeat(64), size: 1, mediaType: 'application/json' },
  strategy,
  title: 't',
  rationale: 'r',
  risk: 'low' as const,
  fingerprint: 'f',
});

describe('reverts of ours', () => {
  it('are counted once for each key, by day', async () => {
    const deps = memory('2026-11-23T23:59:00.000Z');
    for (const key of ['k', 'k', 'l']) await noteReverts(deps, { repo, plan: summary('revert'), healingId: 'h1', key });
    expect(await ownReverts(deps, incident, 'h1')).toEqual({ today: 2, before: [] });
    deps.at = '2026-11-24T00:01:00.000Z';
    expect((await ownReverts(deps, incident, 'h1')).today).toBe(0);
  });

  it('of a commit are known to every other healing', async () => {
    const deps = memory('2026-11-23T12:00:00.000Z');
    await noteReverts(deps, { repo, plan: summary('revert'), healingId: 'h1', key: 'k' });
    expect((await ownReverts(deps, incident, 'h2')).before).toEqual([sha]);
    expect((await ownReverts(deps, { ...incident, repo: { owner: 'acme', name: 'cart' } }, 'h2')).before).toEqual([]);
  });

  it('are none when another strategy made the change', async () => {
    const deps = memory('2026-11-23T12:00:00.000Z');
    await noteReverts(deps, { repo, plan: summary('formatter'), healingId: 'h1', key: 'k' });
    expect(await ownReverts(deps, incident, 'h2')).toEqual({ today: 0, before: [] });
  });
});
