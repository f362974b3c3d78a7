import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Failure } from '../domain/failure.ts';

function runnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of the `temporal` executable: the setting, then PATH, then what set-up put into the cache. Throws `Failure` code `tool-missing`. */
export function findTemporalExecutable(options: {
  readonly setting?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}): string {
  if (options.setting !== undefined && options.setting !== '') {
    if (runnable(options.setting)) return options.setting;
    throw new Failure(
      'tool-missing',
      `the configured Temporal executable ${options.setting} does not run; correct SUTURE_TEMPORAL_EXECUTABLE or temporal.executable`,
    );
  }
  for (const folder of (options.env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && runnable(join(folder, 'temporal'))) return join(folder, 'temporal');
  }
  const cache = join(options.env['XDG_CACHE_HOME'] ?? join(options.env['HOME'] ?? homedir(), '.cache'), 'suture', 'temporal');
  let versions: string[] = [];
  try {
    versions = readdirSync(cache).sort();
  } catch {
    // no cache yet
  }
  for (const version of versions.reverse()) {
    if (runnable(join(cache, version, 'temporal'))) return join(cache, version, 'temporal');
  }
  throw new Failure('tool-missing', 'no Temporal server was found; run `npm run setup`, or set SUTURE_TEMPORAL_EXECUTABLE');
}
