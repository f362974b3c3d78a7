import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureOutput, type OutputLimits } from '../../src/sandbox/output.ts';

const GAP = 40;
const capture = (limits: OutputLimits, chunks: readonly Uint8Array[]): { text: string; truncated: boolean; room: boolean } => {
  const output = captureOutput(limits);
  const room = chunks.map((chunk) => output.add(chunk)).every(Boolean);
  return { ...output.finish(), room };
};

describe('output capture', () => {
  it('keeps what fits as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (text, size) => {
        const bytes = Buffer.from(text.replaceAll('\0', ''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(capture({ total: 100_000, half: 50_000, line: 10_000 }, chunks)).toEqual({
          text: bytes.toString(),
          truncated: false,
          room: true,
        });
      }),
    );
  });

  it('stays within its bounds and valid UTF-8 whatever comes in', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 300 }),
            fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(text)),
          ),
          { maxLength: 30 },
        ),
        fc.integer({ min: 64, max: 500 }),
        fc.integer({ min: 1, max: 200 }),
        (chunks, half, line) => {
          const { text } = capture({ total: 4000, half, line }, chunks);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2 * half + GAP);
          expect(text).not.toContain('\0');
          expect(Buffer.from(text).toString()).toBe(text);
        },
      ),
    );
  });

  it('keeps the beginning and the end and says how much is missing', () => {
    const { text, truncated } = capture({ total: 10_000, half: 10, line: 100 }, [
      Buffer.from('0123456789\n'),
      Buffer.from('x\n'.repeat(100)),
      Buffer.from('the end!\n'),
    ]);
    expect(truncated).toBe(true);
    expect(text).toBe('0123456789\n[200 bytes left out]\n\nthe end!\n');
  });

  it('says when the total is used up, and takes nothing beyond it', () => {
    expect(capture({ total: 5, half: 100, line: 100 }, [Buffer.from('12345')])).toEqual({ text: '12345', truncated: false, room: true });
    expect(capture({ total: 5, half: 100, line: 100 }, [Buffer.from('123456')])).toEqual({ text: '12345', truncated: true, room: false });
  });

  it('cuts a long line once and goes on with the next', () => {
    const { text } = capture({ total: 1000, half: 500, line: 4 }, [Buffer.from('ab'), Buffer.from('cdef'), Buffer.from('gh\nok\n')]);
    expect(text).toBe('abcd [rest of line left out]\nok\n');
  });
});
