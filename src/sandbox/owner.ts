import { createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../lib/error-code.ts';

/** Whose something at an engine or in a cluster is. */
export interface Owner {
  /** Workers with one state folder share their jobs, wherever they run: what one began, the next finds under the same name. */
  readonly installation: string;
  /** Only the machine that a worker ran on can tell whether it is gone. */
  readonly machine: string;
}

/** Reads the id of an installation from its state folder, or makes it. */
export function ownerOf(stateDir: string): Owner {
  const file = join(stateDir, 'installation-id');
  const read = (): string | null => {
    try {
      return /^[0-9a-f]{24}$/.exec(readFileSync(file, 'utf8').trim())?.[0] ?? null;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    }
  };
  const make = (): string => {
    const partial = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(partial, `${randomBytes(12).toString('hex')}\n`, { mode: 0o600 });
      // Whole from the first moment, and never in the place of one that is there.
      linkSync(partial, file);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    } finally {
      rmSync(partial, { force: true });
    }
    return read() ?? createHash('sha256').update(stateDir).digest('hex').slice(0, 24);
  };
  return { installation: read() ?? make(), machine: createHash('sha256').update(hostname()).digest('hex').slice(0, 16) };
}
