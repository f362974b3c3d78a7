import { setTimeout as delay } from 'node:timers/promises';
import type { Box } from './box.ts';
import { LOOK } from './box-programs.ts';

/** Free blocks (of 4 KiB) below which a file system counts as full. */
const FULL_BLOCKS = 16;
/** A look into a box that is being ended may take no longer. */
const LOOK_MS = 2_000;
const LOOK_BYTES = 4_096;

/** What a look into a box saw; zeros where it could not be read. */
export interface Seen {
  readonly refused: number;
  readonly killed: number;
  readonly processes: number;
  readonly diskFull: boolean;
}

/** Reads what the kernel says of the limits of a box; never throws, because one that is gone tells nothing. */
export async function lookInside(execute: Box['execute']): Promise<Seen> {
  let text = '';
  const read = async (): Promise<void> => {
    const looking = await execute({ text: LOOK, args: [], env: {}, stdin: false, limited: false }, (from, bytes) => {
      if (from === 'out' && text.length < LOOK_BYTES) text += bytes.toString();
    });
    await Promise.race([looking.drained, delay(LOOK_MS)]);
    looking.close();
  };
  await read().catch(() => undefined);
  const numbers = (word: string): number[] => [...text.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1]));
  return {
    refused: Math.max(0, ...numbers('refused')),
    killed: Math.max(0, ...numbers('killed')),
    processes: Math.max(0, ...numbers('processes')),
    diskFull: numbers('space').some((blocks) => blocks < FULL_BLOCKS),
  };
}
