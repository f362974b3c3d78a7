import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { createRepository } from '../../../src/integrations/local/admin.ts';
import type { RepositorySettings } from '../../../src/integrations/local/records.schema.ts';
import type { Sandbox, SandboxJob, StepResult } from '../../../src/sandbox/contract.ts';

/** The repository that these tests serve. */
export const SHOP = { owner: 'acme', name: 'shop' } as const;

/** A folder of its own that is removed afterwards. */
export async function makeFolder(): Promise<{ readonly path: string; dispose(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'suture-test-'));
  return { path, dispose: () => rm(path, { recursive: true, force: true }) };
}

/** Write files below a folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Serve `acme/shop` with these files. */
export async function serveShop(
  stateDir: string,
  files: Readonly<Record<string, string>>,
  settings: Omit<Partial<RepositorySettings>, 'defaultBranch'> = {},
): Promise<string> {
  const origin = await makeFolder();
  try {
    await writeFiles(origin.path, files);
    return (await createRepository(stateDir, SHOP, { origin: { fromDirectory: origin.path }, defaultBranch: 'main', settings })).headSha;
  } finally {
    await origin.dispose();
  }
}

/** A sandbox that runs nothing: a function decides from the files of the job what each step does. */
export function fakeSandbox(
  decide: (
    step: { readonly name: string; readonly run: string },
    files: ReadonlyMap<string, string>,
    signal: AbortSignal | undefined,
  ) => Promise<Partial<StepResult>> | Partial<StepResult>,
): Sandbox & { readonly jobs: SandboxJob[] } {
  const jobs: SandboxJob[] = [];
  return {
    id: 'fake',
    platform: 'stand-in',
    jobs,
    preflight: () => Promise.resolve({ available: true, findings: [], isolation: 'fake' }),
    sweep: () => Promise.resolve(0),
    async run(job, options) {
      jobs.push(job);
      const files = new Map<string, string>();
      const unpacking = extract();
      (await job.openBase()).pipe(unpacking);
      for await (const entry of unpacking) {
        files.set(entry.header.name, (await buffer(entry)).toString('utf8'));
      }
      const steps: StepResult[] = [];
      for (const step of job.steps) {
        const said = await decide(step, files, options?.signal);
        const result: StepResult = {
          name: step.name,
          exitCode: 0,
          signal: null,
          timedOut: false,
          killedBy: null,
          oomKilled: false,
          outputTruncated: false,
          durationMs: 1,
          output: '',
          ...said,
        };
        steps.push(result);
        if (result.exitCode !== 0) {
          break;
        }
      }
      return {
        steps,
        artifacts: new Map(),
        changes: [],
        refused: [],
        isolation: 'fake',
        usage: { peakMemoryBytes: null },
        connections: [],
      };
    },
  };
}
