import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { diskFull, inState, isDiskFull, saysDiskFull } from '../domain/disk-full.ts';

const source = fileURLToPath(new URL('../', import.meta.url));

/** Hash of everything that the bundle is made from: workflow and domain sources and the SDK's version. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['workflows', 'domain']) {
    const files = (await readdir(join(source, folder), { recursive: true })).filter((name) => name.endsWith('.ts')).sort();
    for (const file of files) hash.update(file).update(await readFile(join(source, folder, file)));
  }
  hash.update(createRequire(import.meta.url).resolve('@temporalio/worker/package.json'));
  hash.update(await readFile(createRequire(import.meta.url).resolve('@temporalio/worker/package.json')));
  return hash.digest('hex').slice(0, 24);
}

/** The workflow bundle as a file, built once per content: about 2.5 s the first time, milliseconds after. Throws `Failure` code `disk-full`. */
export async function workflowBundle(cacheDir: string): Promise<{ readonly codePath: string }> {
  const codePath = join(cacheDir, `workflows-${await fingerprint()}.cjs`);
  try {
    await readFile(codePath);
    return { codePath };
  } catch {
    // not built yet
  }
  const maker = fileURLToPath(new URL('./make-bundle.ts', import.meta.url));
  try {
    await mkdir(cacheDir, { recursive: true });
    await promisify(execFile)(process.execPath, [maker, join(source, 'workflows', 'index.ts'), codePath], { env: {} });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    throw isDiskFull(error) || saysDiskFull(said) ? diskFull(inState(cacheDir), error) : error;
  }
  return { codePath };
}
