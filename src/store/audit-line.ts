import { createHash } from 'node:crypto';
import { z } from 'zod';

/** One entry as it is stored. */
export const AuditLine = z.strictObject({
  v: z.literal(1),
  /** From 1, without gaps. */
  seq: z.number().int().positive(),
  /** ISO 8601 UTC; never before the entry before it. */
  at: z.iso.datetime(),
  /** What the clock said, where it had gone backwards. */
  clock: z.iso.datetime().optional(),
  key: z.string().min(1).max(500),
  action: z.string().min(1).max(100),
  actor: z.string().min(1).max(200),
  healingId: z.string().max(300).optional(),
  repo: z.string().max(300).optional(),
  facts: z.record(z.string().max(100), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type AuditLine = z.infer<typeof AuditLine>;

// `{"hash":"<64 hex>","entry":<bytes>}`: valid JSON for every reader of JSON lines, and the hashed bytes are the stored bytes, with nothing to canonicalize.
const BEFORE_HASH = Buffer.from('{"hash":"');
const BEFORE_ENTRY = Buffer.from('","entry":');
const AFTER_ENTRY = Buffer.from('}');
const HASH_AT = BEFORE_HASH.length;
const ENTRY_AT = HASH_AT + 64 + BEFORE_ENTRY.length;

/** What the first entry is chained to: the name of the trail, so that entries of another one do not fit. */
export function genesisHash(origin: string): Buffer {
  return createHash('sha256').update(`suture audit trail v1\n${origin}\n`).digest();
}

/** Hash of an entry: SHA-256 over the 32 bytes of the hash before it and the entry's own bytes. */
export function chainHash(previous: Buffer, entry: Uint8Array): Buffer {
  return createHash('sha256').update(previous).update(entry).digest();
}

/** A whole line with its end. */
export function encodeLine(hash: Buffer, entry: Uint8Array): Buffer {
  return Buffer.concat([BEFORE_HASH, Buffer.from(hash.toString('hex')), BEFORE_ENTRY, entry, AFTER_ENTRY, Buffer.from('\n')]);
}

/** Takes a line, without its end, apart; null when it does not have the form. */
export function splitLine(line: Buffer): { readonly hash: string; readonly entry: Buffer } | null {
  const hash = line.subarray(HASH_AT, HASH_AT + 64).toString('latin1');
  const whole =
    line.length > ENTRY_AT + 1 &&
    line.subarray(0, HASH_AT).equals(BEFORE_HASH) &&
    /^[0-9a-f]{64}$/.test(hash) &&
    line.subarray(HASH_AT + 64, ENTRY_AT).equals(BEFORE_ENTRY) &&
    line.subarray(-1).equals(AFTER_ENTRY);
  return whole ? { hash, entry: line.subarray(ENTRY_AT, -1) } : null;
}

/** Reads an entry's bytes; null when they are not an entry. */
export function parseEntry(entry: Buffer): AuditLine | null {
  try {
    const parsed = AuditLine.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(entry)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
