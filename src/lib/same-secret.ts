import { createHash, timingSafeEqual } from 'node:crypto';

/** Constant-time comparison of two texts of any length: their digests are compared, so unequal lengths neither throw nor tell. */
export function sameSecret(given: string, held: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(held));
}
