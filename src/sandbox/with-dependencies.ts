import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { extract, type Header, pack } from 'tar-stream';
import { Failure } from '../domain/failure.ts';
import { matchesWhole } from '../domain/glob.ts';
import type { JobResult, Profile, Sandbox, SandboxJob, SandboxRunOptions } from './contract.ts';
import { DamagedDependencies, type DependencyCache } from './dependency-cache.ts';
import { type CompleteDependencies, completeDependencies, detectDependencies, profilesFor } from './dependency-presets.ts';
import { workspacePath } from './workspace-input.ts';

/** Name of the step that stands for an installation which failed. */
export const SETUP_STEP = 'setup';

/** A manifest or lock file larger than this is none. */
const MAX_FILE = 32 * 1024 ** 2;
/** Changes when what is kept under a key would be another thing. */
const FORMAT = 1;

/** What installing may reach. */
export interface Installing {
  readonly cache: DependencyCache;
  readonly registries: NonNullable<SandboxJob['registries']>;
  readonly env: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly path: string;
  readonly executable: boolean;
  readonly content: Buffer;
}

/** The files of a revision with its change set that are wanted, and the names of all at its root. */
async function readManifests(
  job: SandboxJob,
  wanted: (path: string) => boolean,
): Promise<{ readonly files: readonly Manifest[]; readonly root: ReadonlySet<string> }> {
  const found = new Map<string, Manifest>();
  const root = new Set<string>();
  const input = extract();
  const base = await job.openBase();
  base.on('error', (error) => input.destroy(error));
  base.pipe(input);
  for await (const source of input) {
    const entry = source as unknown as Readable & { readonly header: Header };
    const { header } = entry;
    const path = workspacePath(header.name);
    if (path === null || header.type !== 'file') {
      entry.resume();
      continue;
    }
    if (!path.includes('/')) root.add(path);
    if (!wanted(path) || (header.size ?? 0) > MAX_FILE) {
      entry.resume();
      continue;
    }
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    found.set(path, { path, executable: ((header.mode ?? 0) & 0o100) !== 0, content: Buffer.concat(parts) });
  }
  for (const file of job.files) {
    if (file.op === 'delete') {
      found.delete(file.path);
      root.delete(file.path);
      continue;
    }
    if (!file.path.includes('/')) root.add(file.path);
    if (wanted(file.path))
      found.set(file.path, { path: file.path, executable: file.mode === '100755', content: Buffer.from(file.content, 'base64') });
  }
  return { files: [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), root };
}

/** Everything that decides what an installation comes to. Nothing else is there while it runs, so equal keys mean equal inputs. */
function keyOf(
  sandbox: Sandbox,
  job: SandboxJob,
  wanted: CompleteDependencies,
  files: readonly Manifest[],
  { registries, env }: Installing,
): string {
  const hash = createHash('sha256');
  const { manager, run, keep, profile } = wanted;
  hash.update(JSON.stringify([FORMAT, sandbox.platform, job.repository ?? '', manager, run, keep, profile, registries, env]));
  for (const { path, executable, content } of files) {
    hash.update(JSON.stringify([path, executable, content.length]));
    hash.update(content);
  }
  return hash.digest('hex');
}

function tarOf(files: readonly Manifest[]): () => Promise<Readable> {
  return () => {
    const archive = pack();
    for (const { path, executable, content } of files) archive.entry({ name: path, mode: executable ? 0o755 : 0o644 }, content);
    archive.finalize();
    return Promise.resolve(Readable.from(archive));
  };
}

/** Installations under way by key: jobs that need the same one wait for it together. */
export type Underway = Map<string, Promise<JobResult | null>>;

/** Installs what is not there yet, in a job of its own that sees manifests alone; null when it is there, the red result when that failed. */
async function install(
  sandbox: Sandbox,
  job: SandboxJob,
  wanted: CompleteDependencies,
  parts: {
    readonly files: readonly Manifest[];
    readonly key: string;
    readonly installing: Installing;
    readonly options: SandboxRunOptions;
  },
): Promise<JobResult | null> {
  const { files, key, installing, options } = parts;
  if ((await installing.cache.find(key)) !== null) return null;
  options.onProgress?.(`installs dependencies with ${wanted.manager}`);
  const result = await sandbox.run(
    {
      name: `deps-${key.slice(0, 32)}`,
      ...(job.repository === undefined ? {} : { repository: job.repository }),
      openBase: tarOf(files),
      files: [],
      steps: [{ name: SETUP_STEP, run: wanted.run }],
      limits: job.limits,
      env: installing.env,
      artifacts: [],
      collectChanges: null,
      profiles: [wanted.profile],
      ...(job.endpoints === undefined ? {} : { endpoints: job.endpoints }),
      registries: installing.registries,
      keep: { paths: wanted.keep, to: (tar) => installing.cache.keep(key, tar) },
    },
    options,
  );
  return result.steps.every((step) => step.exitCode === 0) ? null : result;
}

/** Joins an installation under way. When whoever began it was cancelled, somebody else takes it up. */
async function shared(
  underway: Underway,
  key: string,
  { signal }: SandboxRunOptions,
  begin: () => Promise<JobResult | null>,
): Promise<JobResult | null> {
  for (;;) {
    const running = underway.get(key);
    if (running === undefined) {
      const own = begin().finally(() => underway.delete(key));
      underway.set(key, own);
      return own;
    }
    try {
      return await running;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'cancelled' || signal?.aborted === true) throw error;
    }
  }
}

/** Runs a job that resolves dependencies: as an installation it may reach registries and gets their settings, but it sees the whole revision, and nothing is installed before. Without registries it has no network, as every job. */
export async function runResolving(
  sandbox: Sandbox,
  job: SandboxJob,
  installing: Installing,
  options: SandboxRunOptions,
): Promise<JobResult> {
  const { root } = await readManifests(job, () => false);
  const { registries, env } = installing;
  const online = registries.length > 0 || Object.keys(env).length > 0;
  return sandbox.run(
    {
      ...job,
      profiles: job.profiles ?? [...new Set<Profile>(['node', 'python', ...profilesFor(root)])],
      // What packages bring must not run while there is a network.
      env: { ...job.env, ...(online ? env : {}), npm_config_ignore_scripts: 'true' },
      secrets: {},
      ...(online ? { registries } : {}),
    },
    options,
  );
}

/** Runs a job after what it depends on was installed, once for each set of manifests. A failed installation is the job's result, as a red step named `setup`. */
export async function runWithDependencies(
  sandbox: Sandbox,
  job: SandboxJob,
  installing: Installing,
  underway: Underway,
  options: SandboxRunOptions,
  again = false,
): Promise<JobResult> {
  const given = job.dependencies ?? 'auto';
  const all = given === 'auto' ? null : given.map(completeDependencies);
  if (all?.length === 0 || (all === null && installing.registries.length === 0 && Object.keys(installing.env).length === 0))
    return sandbox.run(job, options);
  const globs = all?.flatMap(({ files }) => files) ?? ['**'];
  const matches = (patterns: readonly string[]) => (path: string) => patterns.some((pattern) => matchesWhole(path, pattern));
  // Looked for by their lock files, they must be known before it is known what to read.
  const root = all === null ? (await readManifests(job, () => false)).root : null;
  const wanted = all ?? detectDependencies(root ?? new Set()).map(completeDependencies);
  if (wanted.length === 0) return sandbox.run(job, options);
  const { files } = await readManifests(job, matches(all === null ? wanted.flatMap((each) => each.files) : globs));
  const keys: string[] = [];
  for (const each of wanted) {
    const own = files.filter(({ path }) => matches(each.files)(path));
    const key = keyOf(sandbox, job, each, own, installing);
    const failed = await shared(underway, key, options, () => install(sandbox, job, each, { files: own, key, installing, options }));
    if (failed !== null) return failed;
    keys.push(key);
  }
  const profiles: readonly Profile[] = job.profiles ?? [...new Set<Profile>(['node', 'python', ...wanted.map(({ profile }) => profile)])];
  const layers = await Promise.all(keys.map((key) => installing.cache.find(key)));
  try {
    return await sandbox.run({ ...job, profiles, layers: layers.filter((layer) => layer !== null) }, options);
  } catch (error) {
    if (!(error instanceof DamagedDependencies) || again) throw error;
    return runWithDependencies(sandbox, job, installing, underway, options, true);
  }
}
