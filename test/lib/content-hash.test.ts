import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createContentHash } from '../../src/lib/content-hash.ts';

describe('the hash of a content', () => {
  it.each([
    ['nothing', []],
    ['one piece', ['abc']],
    ['pieces that are kept', ['ab', 'c', 'de']],
    ['more than is kept', ['abcde', 'fghij', 'k']],
  ])('is that of the whole for %s', (_what, pieces) => {
    const whole = Buffer.from(pieces.join(''));
    const content = createContentHash(whole.length, 10);
    for (const piece of pieces) content.update(Buffer.from(piece));
    const { sha256, bytes } = content.digest();
    expect(sha256).toBe(createHash('sha256').update(whole).digest('hex'));
    expect(bytes).toEqual(whole.length > 10 ? null : whole);
  });
});
