import { describe, expect, it } from 'vitest';
import { combineHealth } from '../../src/activities/combine-health.ts';
import { Failure } from '../../src/domain/failure.ts';
import type { HealthReading, HealthSource } from '../../src/integrations/contract.ts';

const reading = (over: Partial<HealthReading> = {}): HealthReading => ({
  at: 'now',
  requests: 0,
  errors: 0,
  errorRate: null,
  healthy: null,
  ...over,
});
const gives = (over: Partial<HealthReading>): HealthSource => ({ read: async () => reading(over) });
const fails = (error: unknown): HealthSource => ({ read: () => Promise.reject(error) });
const input = { repo: { owner: 'acme', name: 'shop' }, service: 'auth', environment: 'production' };
const read = (...sources: readonly HealthSource[]) => combineHealth(sources)?.read(input);
const away = new Failure('health-unavailable', 'away');

describe('several health sources', () => {
  it('are none, or the only one, where there are fewer than two', () => {
    const only = gives({});
    expect(combineHealth([])).toBeNull();
    expect(combineHealth([only])).toBe(only);
  });

  it('give the requests of who counts them, and everything that watches', async () => {
    const monitors = [{ id: '1', name: 'm', state: 'alert' as const }];
    expect(await read(gives({ healthy: true }), gives({ requests: 10, errors: 1, errorRate: 0.1, monitors }))).toMatchObject({
      requests: 10,
      errorRate: 0.1,
      healthy: true,
      monitors,
    });
  });

  it('are not healthy when one endpoint fails', async () => {
    expect(await read(gives({ healthy: true }), gives({ healthy: false }))).toMatchObject({ healthy: false });
  });

  it('go on without one that is away or not permitted, and fail when all do', async () => {
    expect(await read(fails(away), gives({ requests: 5 }))).toMatchObject({ requests: 5 });
    expect(await read(fails(new Failure('not-permitted', 'no key')), gives({ requests: 5 }))).toMatchObject({ requests: 5 });
    await expect(read(fails(away), fails(away))).rejects.toBe(away);
  });

  it('hide no fault of ours', async () => {
    await expect(read(fails(new TypeError('oops')), gives({}))).rejects.toThrow('oops');
  });
});
