import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { ChangeSet } from '../domain/change-set.schema.ts';
import type { GateFile } from '../domain/policy/gate/lines.ts';
import { isTestFile } from '../domain/policy/gate/paths.ts';
import { type RunFacts, TestReport } from '../domain/proof.schema.ts';
import { textOf } from './count-lines.ts';
import type { ActivityDeps } from './deps.ts';
import type { Dossier } from './dossier.ts';
import { getJson, MAX_FILE_BYTES } from './stored.ts';

/** Files that are read to recognise the values of tests, of each kind, and how much of each. */
const MAX_READ_FILES = { test: 300, program: 3000 };
const MAX_PROGRAM_BYTES = 33_554_432;
const MAX_READ_BYTES = 131_072;
/** Words that a program knows stand in its sources, settings and pages; not in what it has installed or built. */
const PROGRAM = /\.(?:[cm]?[jt]sx?|py|go|java|kts?|rs|rb|php|cs|scala|swift|sh|sql|ya?ml|json|toml|proto|graphql|md)$/i;
const NOT_PROGRAM = /(?:^|\/)(?:node_modules|vendor|dist|build|target)\/|(?:^|\/)(?:package-lock\.json|pnpm-lock\.yaml|CHANGELOG\.md)$/;

/** Texts and paths of a repository at a revision. */
export interface Texts {
  readonly test: readonly string[];
  readonly program: readonly string[];
  readonly paths: ReadonlySet<string>;
}

/** The changed files as the gate sees them, and which of them are back to their last green content. */
export async function gateFiles(
  deps: ActivityDeps,
  { incident }: Dossier,
  changeSet: ChangeSet,
): Promise<{ readonly files: readonly GateFile[]; readonly restored: ReadonlySet<string> }> {
  const files: GateFile[] = [];
  const restored = new Set<string>();
  const read = (sha: string, path: string): Promise<Uint8Array | null> =>
    deps.forge.repositories.readFile(incident.repo, sha, path, MAX_FILE_BYTES);
  for (const change of changeSet.files) {
    const before = await read(changeSet.base, change.path);
    const after = change.op === 'delete' ? null : new Uint8Array(Buffer.from(change.content, 'base64'));
    const text = textOf(after);
    // Text in the place of something else, or the other way round, cannot be compared.
    const binary = after !== null && (text === null || (before !== null && textOf(before) === null));
    files.push({ path: change.path, before: textOf(before), after: text, binary });
    if (incident.lastGreenSha !== undefined) {
      const green = await read(incident.lastGreenSha, change.path);
      if (green === null ? after === null : after !== null && Buffer.from(green).equals(after)) {
        restored.add(change.path);
      }
    }
  }
  return { files, restored };
}

/** Texts of the repository's test files, and of the rest of it, at a revision. */
export async function repositoryTexts(deps: ActivityDeps, { incident }: Dossier, sha: string): Promise<Texts> {
  const test: string[] = [];
  const program: string[] = [];
  const paths = new Set<string>();
  let bytes = 0;
  const tar: Readable = await deps.forge.repositories.exportTree(incident.repo, sha);
  const entries = tar.pipe(extract());
  // A broken source does not end the pipe by itself.
  tar.once('error', (error) => entries.destroy(error));
  try {
    for await (const entry of entries) {
      const { name, type, size } = entry.header;
      if (type === 'file') paths.add(name);
      const kind = isTestFile(name) ? 'test' : 'program';
      const texts = kind === 'test' ? test : program;
      const wanted = kind === 'test' || (PROGRAM.test(name) && !NOT_PROGRAM.test(name) && bytes < MAX_PROGRAM_BYTES);
      if (type !== 'file' || !wanted || (size ?? 0) > MAX_READ_BYTES || texts.length >= MAX_READ_FILES[kind]) {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry) {
        chunks.push(chunk as Buffer);
      }
      const text = textOf(Buffer.concat(chunks));
      if (text !== null) {
        bytes += kind === 'program' ? text.length : 0;
        texts.push(text);
      }
    }
  } finally {
    tar.destroy();
  }
  return { test, program, paths };
}

/** The whole report of a run; null when it has none. */
export async function reportOf(deps: ActivityDeps, run: RunFacts | undefined): Promise<TestReport | null> {
  return run?.report === undefined ? null : getJson(deps, run.report.artifact, TestReport);
}
