import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { CASES } from './cases.ts';
import { PRODUCT_ATTACKS } from './product-attacks.ts';

describe('attacks on the product as a whole', () => {
  it('are there for every case that no sandbox holds', () => {
    const tried = new Set(PRODUCT_ATTACKS.map(({ id }) => id));
    expect(CASES.filter(({ held, id }) => Array.isArray(held) && !tried.has(id))).toEqual([]);
  });

  it.each(PRODUCT_ATTACKS)('$id is held: $what', async ({ ours }) => {
    expect(await ours(temporaryFolder())).toBe(false);
  });

  it.each(PRODUCT_ATTACKS)('$id works the plain way, so that it proves something: $what', async ({ plain }) => {
    expect(await plain(temporaryFolder())).toBe(true);
  });
});
