import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { openStateFolder } from './state-folder.ts';

/** Puts settings into `config.yml` of the state folder, keeping what else stands there; each is a path of keys and its value. Returns the file. */
export async function configure(
  stateDir: string,
  changes: ReadonlyArray<readonly [path: readonly string[], value: unknown]>,
): Promise<string> {
  const file = join(stateDir, 'config.yml');
  await openStateFolder(stateDir);
  const document = parseDocument(await readFile(file, 'utf8').catch(() => ''));
  for (const [path, value] of changes) document.setIn(path, value);
  await writeFile(`${file}.new`, String(document), { flush: true });
  await rename(`${file}.new`, file);
  return file;
}

/** Keeps a secret in the secrets folder, readable by this user only. Returns the file. */
export async function keepSecret(stateDir: string, name: string, value: string): Promise<string> {
  const file = join(stateDir, 'secrets', name);
  await openStateFolder(stateDir);
  await mkdir(join(stateDir, 'secrets'), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, value, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return file;
}
