import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the results of the last full run are kept; `npm run docs` makes the table of docs/security.md from them. */
export const PUBLISHED = join(import.meta.dirname, '../../docs/abuse-results.json');

/** Cases that were held, by backend and by who the service ran as. */
export type Published = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Reads the published results. */
export function readPublished(): Published {
  return JSON.parse(readFileSync(PUBLISHED, 'utf8')) as Published;
}
