import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { excerpt, head, oneLine, tail } from '../../src/lib/excerpt.ts';
import { stableJson } from '../../src/lib/stable-json.ts';

const size = (text: string): number => new TextEncoder().encode(text).length;

describe('excerpts', () => {
  it('fit into their bytes and are whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 1, max: 300 }), (text, max) => {
        for (const part of [excerpt(text, max), head(text, max), tail(text, max)]) {
          expect(size(part)).toBeLessThanOrEqual(max);
          expect(part.includes('\ufffd')).toBe(text.includes('\ufffd') && part.includes('\ufffd'));
        }
      }),
    );
  });

  it('keep head and tail and say what is missing', () => {
    const text = `START${'x'.repeat(5000)}END`;
    expect(excerpt(text, 500)).toMatch(/^START.*\[… 5008 bytes in all, the middle is left out …\].*END$/s);
  });

  it('leave a short text alone', () => {
    expect(excerpt('short', 100)).toBe('short');
  });

  it('put a text on one line without cutting a character', () => {
    expect(oneLine('a\nb\u0007c', 10)).toBe('a b c');
    expect(oneLine('abc😀def', 5)).toBe('abc…');
  });
});

describe('canonical JSON', () => {
  it('is the same for equal values, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(stableJson(Object.fromEntries(Object.entries(value).reverse()))).toBe(stableJson(value));
        expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses what JSON cannot hold', () => {
    expect(() => stableJson({ a: Number.NaN })).toThrow(TypeError);
    expect(() => stableJson(() => 1)).toThrow(TypeError);
  });
});
