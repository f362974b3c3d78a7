import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { Failure } from '../../src/domain/failure.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import type { DevServer } from '../../src/temporal/dev-server.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { findTemporalExecutable } from '../../src/temporal/find-executable.ts';

/** What a test file needs to reach the one server of this run, or why there is none. */
export type ProvidedTemporal =
  | {
      readonly kind: 'running';
      readonly address: string;
      readonly namespace: string;
      readonly bundlePath: string;
      readonly executable: string;
    }
  | { readonly kind: 'missing'; readonly message: string };

declare module 'vitest' {
  export interface ProvidedContext {
    temporal: ProvidedTemporal;
  }
}

let server: DevServer | undefined;
let folder: string | undefined;

/** One dev server and one workflow bundle for the whole run. Without a server the tests that need one fail with the reason; the others still run. */
export async function setup(project: TestProject): Promise<void> {
  const namespace = 'default';
  try {
    const executable = findTemporalExecutable({ setting: process.env['SUTURE_TEMPORAL_EXECUTABLE'], env: process.env });
    folder = await mkdtemp(join(tmpdir(), 'suture-temporal-'));
    const [started, bundlePath] = await Promise.all([
      startDevServer({ executable, port: 0, uiPort: 0, namespace, logFile: join(folder, 'server.log'), headless: true }),
      cachedBundle(),
    ]);
    server = started;
    project.provide('temporal', { kind: 'running', address: started.address, namespace, bundlePath, executable });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`no Temporal server for the tests: ${error.message}\n`);
    project.provide('temporal', { kind: 'missing', message: error.message });
  }
}

/** Ends the server and removes its folder. */
export async function teardown(): Promise<void> {
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

/** The bundle of the sources as they are; bundles of earlier sources are removed. */
async function cachedBundle(): Promise<string> {
  const cache = fileURLToPath(new URL('../../node_modules/.cache/suture-test/', import.meta.url));
  await mkdir(cache, { recursive: true });
  const { codePath } = await workflowBundle(cache);
  const files = await readdir(cache);
  const stale = files.filter((file) => file.endsWith('.cjs') && file !== basename(codePath));
  await Promise.all(stale.slice(0, -3).map((file) => rm(join(cache, file), { force: true })));
  return codePath;
}
