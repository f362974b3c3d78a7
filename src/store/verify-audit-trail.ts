import type { KeyObject } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { hasCode } from '../lib/error-code.ts';
import { KEY_WINDOW } from './audit-index.ts';
import { chainHash, genesisHash, parseEntry, splitLine } from './audit-line.ts';
import { DEFAULT_ORIGIN } from './audit-trail.ts';
import { listCheckpoints, readCheckpoint, trailPath } from './checkpoint-folder.ts';
import { KeyWindow } from './key-window.ts';
import { readLines } from './read-lines.ts';
import { type CheckpointFacts, openCheckpoint } from './signed-note.ts';

/** What can be wrong with a trail. */
export type AuditProblemCode =
  | 'edited'
  | 'removed'
  | 'inserted'
  | 'reordered'
  | 'truncated'
  | 'replaced'
  | 'key-changed'
  | 'checkpoint-changed'
  | 'clock-backwards'
  | 'repeated-key'
  | 'unfinished-line';

/** Answer of `verifyAuditTrail`. */
export type AuditVerdict =
  | {
      readonly ok: true;
      readonly entries: number;
      /** Hash of the last entry. */
      readonly head: string;
      readonly checkpoints: number;
      /** Entries that a checkpoint covers; later ones could be cut off unseen. */
      readonly anchored: number;
      /** Entries at which the system's clock had gone backwards. */
      readonly clockSteps: readonly number[];
    }
  | {
      readonly ok: false /** Good entries before the first bad one. */;
      readonly entries: number /** First bad entry, from 1. */;
      readonly seq: number;
      readonly code: AuditProblemCode;
      readonly detail: string;
    };

interface Anchor {
  readonly name: string;
  readonly facts: CheckpointFacts;
}

function bad(seq: number, code: AuditProblemCode, detail: string): AuditVerdict & { readonly ok: false } {
  return { ok: false, entries: seq - 1, seq, code, detail };
}

async function openAnchors(
  dir: string,
  publicKey: KeyObject,
  origin: string,
  outside: readonly string[],
): Promise<readonly Anchor[] | (AuditVerdict & { readonly ok: false })> {
  const kept = await Promise.all(
    (await listCheckpoints(dir)).map(async ({ name, size }) => ({ name, size, note: await readCheckpoint(dir, name) })),
  );
  const given = outside.map((note, at) => ({ name: `given checkpoint ${at + 1}`, size: null, note }));
  const anchors: Anchor[] = [];
  for (const { name, size, note } of [...kept, ...given]) {
    const opened = openCheckpoint(note, publicKey);
    if (opened.kind === 'other-key') {
      return bad(1, 'key-changed', `${name} was signed with another key`);
    }
    if (opened.kind !== 'valid' || opened.facts.origin !== origin || (size !== null && opened.facts.size !== size)) {
      return bad(1, 'checkpoint-changed', `${name} is not what was signed`);
    }
    anchors.push({ name, facts: opened.facts });
  }
  return anchors.sort((a, b) => a.facts.size - b.facts.size);
}

/** Whether the entry that is missing at its place stands further below. */
async function standsBelow(file: FileHandle, offset: number, seq: number): Promise<boolean> {
  for await (const line of readLines(file, offset)) {
    const split = splitLine(line.bytes);
    if (split !== null && parseEntry(split.entry)?.seq === seq) {
      return true;
    }
  }
  return false;
}

/**
 * Checks a whole trail: every hash, the order, the clock, and every checkpoint with its signature. Names the first bad entry. What a holder of the signing key rewrote
 * as a whole is found only with checkpoints that were copied elsewhere: pass them as `anchors`.
 */
export async function verifyAuditTrail(
  dir: string,
  publicKey: KeyObject,
  options: { readonly origin?: string; readonly anchors?: readonly string[]; readonly window?: number } = {},
): Promise<AuditVerdict> {
  const origin = options.origin ?? DEFAULT_ORIGIN;
  const anchors = await openAnchors(dir, publicKey, origin, options.anchors ?? []);
  if ('ok' in anchors) {
    return anchors;
  }
  let file: FileHandle | null = null;
  try {
    file = await open(trailPath(dir), 'r');
    return await walk(file, origin, anchors, options.window ?? KEY_WINDOW);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) {
      throw error;
    }
    const [anchor] = anchors;
    return anchor === undefined
      ? { ok: true, entries: 0, head: genesisHash(origin).toString('hex'), checkpoints: 0, anchored: 0, clockSteps: [] }
      : bad(1, 'truncated', `there is no trail, but ${anchor.name} covers ${anchor.facts.size} entries`);
  } finally {
    await file?.close();
  }
}

async function walk(file: FileHandle, origin: string, anchors: readonly Anchor[], window: number): Promise<AuditVerdict> {
  let previous = genesisHash(origin);
  let seq = 0;
  let lastAt = '';
  let anchored = 0;
  let nextAnchor = 0;
  const keys = new KeyWindow(window);
  const clockSteps: number[] = [];
  for await (const line of readLines(file, 0)) {
    const expected = seq + 1;
    if (!line.terminated) {
      return bad(
        expected,
        'unfinished-line',
        `the last line has no end (${line.bytes.length} bytes): a writer was killed; the next append repairs it`,
      );
    }
    const split = splitLine(line.bytes);
    const entry = split === null ? null : parseEntry(split.entry);
    if (split === null || entry === null) {
      return bad(expected, 'edited', `line ${expected} is not an entry`);
    }
    if (entry.seq < expected) {
      return bad(expected, 'inserted', `entry ${entry.seq} stands once more where ${expected} belongs`);
    }
    if (entry.seq > expected) {
      const below = await standsBelow(file, line.offset, expected);
      return below
        ? bad(expected, 'reordered', `entry ${entry.seq} stands where ${expected} belongs`)
        : bad(expected, 'removed', `entry ${expected}${entry.seq > expected + 1 ? ` to ${entry.seq - 1}` : ''} is missing`);
    }
    const hash = chainHash(previous, split.entry);
    if (hash.toString('hex') !== split.hash) {
      return bad(expected, 'edited', `entry ${expected} does not have the hash that it was stored with`);
    }
    if (entry.at < lastAt) {
      return bad(expected, 'clock-backwards', `entry ${expected} is from ${entry.at}, before the one above it (${lastAt})`);
    }
    const known = keys.get(entry.key);
    // A writer may have forgotten what lies further back.
    if (known !== undefined && expected - known <= window) {
      return bad(expected, 'repeated-key', `entry ${expected} has the key of an earlier one: ${JSON.stringify(entry.key)}`);
    }
    keys.add(entry.key, expected);
    if (entry.clock !== undefined) {
      clockSteps.push(expected);
    }
    previous = hash;
    lastAt = entry.at;
    seq = expected;
    for (let anchor = anchors[nextAnchor]; anchor !== undefined && anchor.facts.size === seq; anchor = anchors[nextAnchor]) {
      if (anchor.facts.hash !== split.hash) {
        return bad(
          anchored + 1,
          'replaced',
          `${anchor.name} was signed over other entries: one of ${anchored + 1} to ${seq} was changed and everything after it rewritten`,
        );
      }
      anchored = seq;
      nextAnchor += 1;
    }
  }
  const ahead = anchors[nextAnchor];
  if (ahead !== undefined) {
    return bad(seq + 1, 'truncated', `${ahead.name} covers ${ahead.facts.size} entries, the trail has ${seq}`);
  }
  return { ok: true, entries: seq, head: previous.toString('hex'), checkpoints: anchors.length, anchored, clockSteps };
}
