import type { IncomingMessage } from 'node:http';
import type { BodyBudget } from './body-budget.ts';

/** What came of reading a body; `done` gives its memory back and must be called once it is no longer needed. */
export type RawBody =
  | { readonly kind: 'read'; readonly bytes: Uint8Array; readonly done: () => void }
  /** Larger than allowed, by the bytes that arrived. */
  | { readonly kind: 'too-large' }
  /** Other bodies take all the memory there is for them. */
  | { readonly kind: 'no-room' }
  /** The sender went away in the middle. */
  | { readonly kind: 'cut-off' };

/** The first bytes of a body are free of charge, so that small deliveries get through while large ones wait: 16 KiB. */
const FREE_BYTES = 16 * 1024;

/** What is read and thrown away of a refused body, so that an honest sender is not cut off before it reads the answer: 4 MiB. */
const DISCARD_BYTES = 4 * 1024 * 1024;

/** Read a body up to `maxBytes`, counted on what really arrives: a Content-Length can be absent or wrong. Never throws. */
export async function readBody(request: IncomingMessage, maxBytes: number, budget: BodyBudget): Promise<RawBody> {
  const chunks: Buffer[] = [];
  let size = 0;
  let taken = 0;
  let refused: 'too-large' | 'no-room' | null = null;
  const giveBack = () => {
    chunks.length = 0;
    budget.give(taken);
    taken = 0;
  };
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (refused === null) {
        const charge = Math.max(0, size - FREE_BYTES) - taken;
        if (size > maxBytes) refused = 'too-large';
        else if (!budget.take(charge)) refused = 'no-room';
        else {
          taken += charge;
          chunks.push(chunk);
          continue;
        }
        giveBack();
      }
      if (size > maxBytes + DISCARD_BYTES) break;
    }
  } catch {
    giveBack();
    return { kind: 'cut-off' };
  }
  return refused === null ? { kind: 'read', bytes: Buffer.concat(chunks, size), done: giveBack } : { kind: refused };
}
