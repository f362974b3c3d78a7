import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/domain/outcome.ts';
import { ENDINGS, waitsForSlot } from './outcomes.ts';
import { payloadSizes } from './payloads.ts';
import { incident } from './script.ts';
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
      const answers = waitsForSlot(ending)
        ? { ...ending.answers, requestSlot: () => world.admit(repo, { kind: 'waiting', ahead: 1 }) }
        : ending.answers;
      const handle = await world.start(repo, answers, ending.given?.(repo));
      for (const { signal, payload } of ending.also?.(repo) ?? []) await handle.signal(signal, payload);
      if (ending.then) {
        await until(handle, ending.then.state);
        const { signal, payload } = ending.then.send(repo);
        await handle.signal(signal, payload);
      }
      const { outcome } = await result(handle);
      expect({ kind: outcome.kind, reason: outcome.reason }).toEqual({ kind: ending.kind, reason: ending.reason });
    });
  }

  it('is told for every kind of outcome', () => {
    const told = new Set(ENDINGS.map((ending) => ending.kind));
    expect(OUTCOMES.filter((kind) => !told.has(kind))).toEqual([]);
  });
});

describe.concurrent('history', () => {
  for (const [checks, limit] of [
    [5, 8_192],
    [10, 16_384],
  ] as const) {
    it(`carries no payload above ${limit} bytes with ${checks} checks, long outputs and many failing tests`, async () => {
      const repo = `checks-${checks}`;
      const wider = Array.from({ length: checks }, (_, index) => (index === 0 ? 'unit' : `check-${index}`));
      const handle = await world.start(repo, { normalize: async () => ({ kind: 'incident', incident: incident({ wider }) }) });
      await result(handle);
      const history = await handle.fetchHistory();
      const payloads = JSON.parse(
        JSON.stringify(history, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value)),
      ) as unknown;
      const sizes = payloadSizes(payloads);
      expect(sizes.length).toBeGreaterThan(50);
      expect(sizes.filter(({ bytes }) => bytes > limit)).toEqual([]);
    });
  }
});
