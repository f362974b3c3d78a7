import { createHash, type Hash, hash } from 'node:crypto';

/** The SHA-256 of a content that comes in pieces. */
export interface ContentHash {
  update(bytes: Buffer): void;
  /** The hash in hex, and the content itself where it was kept. */
  digest(): { readonly sha256: string; readonly bytes: Buffer | null };
}

/**
 * Hashes content of a known size. Up to `keep` bytes are kept and hashed at once: for thousands of small files, an object of the
 * cryptographic library each is most of what hashing costs.
 */
export function createContentHash(size: number, keep: number): ContentHash {
  const running: Hash | null = size > keep ? createHash('sha256') : null;
  const parts: Buffer[] = [];
  return {
    update(bytes) {
      if (running === null) parts.push(bytes);
      else running.update(bytes);
    },
    digest() {
      if (running !== null) return { sha256: running.digest('hex'), bytes: null };
      const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      return { sha256: hash('sha256', bytes, 'hex'), bytes };
    },
  };
}
