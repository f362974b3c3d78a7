import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/domain/outcome.ts';
import { ENDINGS, waitsForSlot } from './outcomes.ts';
import type { HealingWorld } from './world.ts';
import { openHealings, result, until } from './world.ts';

let world: HealingWorld;
beforeAll(async () => {
  world = await openHealings();
});
afterAll(() => world.close());

describe.concurrent('how a healing ends', () => {
  for (const ending of ENDINGS) {
    it(`ends as ${ending.kind} (${ending.reason}): ${ending.name}`, async () => {
      const repo = `end-${ending.name}`;
      const answers = waitsForSlot(ending) ? { ...ending.answers, requestSlot: () => world.admit(repo, { kind: 'waiting', ahead: 1 }) } : ending.answers;
      const handle = await world.start(repo, answers, ending.given?.(repo));
      if (ending.then) {
        await until(handle, ending.then.state);
        const { signal, payload } = ending.then.send(repo);
        await handle.signal(signal, payload);
      }
      const { outcome } = await result(handle);
      expect({ kind: outcome.kind, reason: outcome.reason }).toEqual({ kind: ending.kind, reason: ending.reason });
    });
  }

  it('is told for every kind of outcome that has no later issue of its own', () => {
    const told = new Set(ENDINGS.map((ending) => ending.kind));
    // A revert after the merge is not made yet, so no healing ends as `reverted`.
    expect(OUTCOMES.filter((kind) => !told.has(kind))).toEqual(['reverted']);
  });
});
