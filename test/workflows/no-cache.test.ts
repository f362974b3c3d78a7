import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incident, input, inTurn, proof, serviceIncident, signal } from './script.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, result, until } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings({ maxCachedWorkflows: 0 });
});
afterAll(() => world.close());

describe('a healing whose every task is replayed from its history', () => {
  it('goes through attempts, a late alert, approval, deployment and cooling to the same end', async () => {
    const repo = 'no-cache';
    const handle = await world.start(
      repo,
      {
        normalize: inTurn({ kind: 'incident', incident: incident() }, { kind: 'incident', incident: serviceIncident() }),
        judgeProof: inTurn(proof('not-fixed'), proof('proven')),
        decideChange: async () => ({ decision: 'ask', autonomy: 'deploy', reasons: [] }),
        judgeHealth: inTurn({ verdict: 'wait', detail: '' }, { verdict: 'better', detail: 'errors fell to 0 %' }),
      },
      input(repo, { timings: { cooldownMs: 50 } }),
    );
    await until(handle, 'awaiting-approval');
    await handle.signal('incidentEvent', signal(repo, { id: 'alert', kind: 'alert-triggered', service: 'auth' }));
    await until(handle, () => world.scripts.calls(repo, 'normalize').length === 2);
    await handle.executeUpdate('decideApproval', {
      args: [{ id: 'x', verdict: 'approve', changeSetHash: 'c'.repeat(64), actor: { id: 'ada', trust: 'maintainer' }, via: 'cli' }],
    });
    expect(await result(handle)).toMatchObject({ outcome: { kind: 'healed', reason: 'verified' }, attempts: 2 });
  });
});
