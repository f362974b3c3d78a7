import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS } from './attacks.ts';
import { CASES } from './cases.ts';
import { runAbuse } from './launch.ts';
import { readPublished } from './published.ts';
import type { AbuseResult } from './run.ts';

const isRoot = process.getuid?.() === 0;
const sandboxCases = CASES.filter(({ held }) => held === 'sandbox' || held === 'unavailable');

describe('the list of abuse cases', () => {
  it('is whole, and every case says what holds it', () => {
    expect(CASES.map(({ id }) => id)).toEqual(Array.from({ length: 46 }, (_, at) => `AC-${String(at + 1).padStart(2, '0')}`));
    const attacked = new Set([...ATTACKS.map(({ id }) => id), 'AC-46']);
    expect(sandboxCases.filter(({ id }) => !attacked.has(id))).toEqual([]);
  });

  it.each(CASES.flatMap(({ id, held }) => (Array.isArray(held) ? held.map((one) => ({ id, ...one })) : [])))(
    '$id is held by $file: $says',
    ({ file, says }) => {
      expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')).toContain(says);
    },
  );
});

/** As whom the attacks run here: as root, the service is tried as root and as an ordinary user. */
const users = isRoot ? (['root', 'user'] as const) : (['user'] as const);

describe.each(users)('attacks on the local sandbox of a service that runs as %s', { timeout: 600_000 }, (user) => {
  let control: AbuseResult;
  let result: AbuseResult;
  beforeAll(async () => {
    const asUser = isRoot && user === 'user';
    control = await runAbuse('plain', { asUser });
    result = await runAbuse('local', { asUser });
  }, 600_000);

  it.each(sandboxCases)('$id is held: $what', ({ id }) => {
    expect(result.cases[id]?.tried).toBeGreaterThan(0);
    expect(result.cases[id]?.worked).toEqual([]);
  });

  it.each(sandboxCases)('$id works on a plain process, so that it proves something: $what', ({ id }) => {
    const one = control.cases[id];
    // Some need a service that runs as root to work at all; they are tried where one does.
    if (one === undefined)
      expect([user, ATTACKS.filter((attack) => attack.id === id).every(({ needs }) => needs === 'root')]).toEqual(['user', true]);
    else expect(one.worked).toHaveLength(one.tried);
  });

  it('comes to what is published', () => {
    const published = readPublished()['local']?.[user];
    const held = sandboxCases.filter(({ id }) => result.cases[id]?.worked.length === 0).map(({ id }) => id);
    expect(published).toEqual(held);
  });
});
