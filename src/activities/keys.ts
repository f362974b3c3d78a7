import { createHash } from 'node:crypto';

/** The first digits of the SHA-256 of a key, for names that must be short and safe. */
export function keyHash(key: string, digits: number): string {
  return createHash('sha256').update(key).digest('hex').slice(0, digits);
}

/** Marker in the body of a healing's pull request. What stands before `#` names the healing, what follows this very publication: the same subject may break again. */
export function changeMarker(healingId: string, key: string): string {
  return `<!-- suture:${healingId}#${keyHash(key, 16)} -->`;
}

/** Marker of the one live comment of a healing. */
export function claimMarker(healingId: string): string {
  return `<!-- suture-claim:${healingId} -->`;
}

/** Branch of one publication; found again by whoever knows healing and key. */
export function branchFor(healingId: string, key: string): string {
  const subject = healingId.split('/').slice(3).join('-');
  const safe = subject
    .replace(/[^A-Za-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return `suture/${safe === '' ? 'fix' : safe}-${keyHash(key, 8)}`;
}
