import { join } from 'node:path';
import type { ForgeClaims } from '../contract.ts';
import { readJson, writeJson } from './atomic-file.ts';
import { fileNameFor } from './paths.ts';
import { ClaimRecord } from './records.schema.ts';
import { changing, openRepository } from './repo-store.ts';

const MAX_BODY = 60_000;

/** Live comments on the local forge, one file each. */
export function createClaims(stateDir: string): ForgeClaims {
  return {
    async upsert(repo, { subject, marker, body }) {
      const open = await openRepository(stateDir, repo);
      const path = join(open.folders.claims, `${fileNameFor(marker)}.json`);
      await changing(open, async () => {
        const found = await readJson(path, ClaimRecord);
        const text = body.slice(0, MAX_BODY);
        if (found?.body !== text) {
          const at = new Date().toISOString();
          await writeJson(path, { subject, marker, body: text, createdAt: found?.createdAt ?? at, updatedAt: at } satisfies ClaimRecord);
        }
      });
    },
  };
}
