import { createHash } from 'node:crypto';
import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import { createAtomically, writeAtomically } from '../lib/atomic-file.ts';
import { hasCode } from '../lib/error-code.ts';
import type { ArtifactStore } from './contract.ts';
import { onDisk } from './disk.ts';

/** Largest artifact in bytes: twice the largest thing we keep (a log of 4 MiB, a report, a dossier), with a wide margin. */
export const MAX_ARTIFACT_BYTES = 64 * 1024 ** 2;

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
}

async function refresh(path: string, bytes: Uint8Array): Promise<void> {
  const now = new Date();
  try {
    await utimes(path, now, now);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) {
      throw error;
    }
    // It was cleaned away a moment ago.
    await createAtomically(path, bytes);
  }
}

/** Keeps content under its SHA-256 in `dir`, in folders named by the first two digits; a copy that was changed on disk is never handed out, and is replaced by the next equal `put`. */
export function createArtifactStore(dir: string): ArtifactStore {
  const pathOf = (sha256: string): string => join(dir, sha256.slice(0, 2), sha256.slice(2));
  return {
    put: (content, mediaType) =>
      onDisk(dir, async () => {
        const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        if (bytes.byteLength > MAX_ARTIFACT_BYTES) {
          throw new Failure('too-large', `an artifact of ${bytes.byteLength} bytes is above the limit of ${MAX_ARTIFACT_BYTES}`);
        }
        const sha256 = hashOf(bytes);
        const path = pathOf(sha256);
        const present = await readIfThere(path);
        if (present === null) {
          await createAtomically(path, bytes);
        } else if (hashOf(present) !== sha256) {
          await writeAtomically(path, bytes);
        } else {
          // Old content that is needed anew is as good as new to whoever cleans up.
          await refresh(path, bytes);
        }
        return { sha256, size: bytes.byteLength, mediaType };
      }),
    get: (ref: ArtifactRef) =>
      onDisk(dir, async () => {
        // The name becomes a path, so it is checked even where a schema has seen it.
        if (!/^[0-9a-f]{64}$/.test(ref.sha256)) {
          throw new Failure('artifact-missing', 'an artifact was asked for by something that is not a SHA-256');
        }
        const bytes = await readIfThere(pathOf(ref.sha256));
        if (bytes === null) {
          throw new Failure(
            'artifact-missing',
            `artifact ${ref.sha256} is not in the store: restore ${dir} from a backup, or start the healing again`,
          );
        }
        if (bytes.byteLength !== ref.size || hashOf(bytes) !== ref.sha256) {
          throw new Failure(
            'artifact-missing',
            `artifact ${ref.sha256} was changed on disk: restore ${dir} from a backup, or start the healing again`,
          );
        }
        return bytes;
      }),
  };
}
