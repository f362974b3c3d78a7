import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ownerOf } from '../../src/sandbox/owner.ts';

const folder = mkdtempSync(join(tmpdir(), 'suture-owner-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('whose things elsewhere are', () => {
  it('is the same for all workers of one state folder, and stays', () => {
    const first = ownerOf(join(folder, 'one'));
    expect(ownerOf(join(folder, 'one'))).toEqual(first);
    expect(first.installation).toMatch(/^[0-9a-f]{24}$/);
    expect(readdirSync(join(folder, 'one'))).toEqual(['installation-id']);
  });

  it('is another one for another installation on the same machine', () => {
    const [one, two] = [ownerOf(join(folder, 'one')), ownerOf(join(folder, 'two'))];
    expect(one.installation).not.toBe(two.installation);
    expect(one.machine).toBe(two.machine);
  });
});
