import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { ChangeSet } from '../domain/change-set.schema.ts';
import type { GateFile } from '../domain/policy/gate/lines.ts';
import { isTestFile } from '../domain/policy/gate/paths.ts';
import { type RunFacts, TestReport } from '../domain/proof.schema.ts';
import { textOf } from './count-lines.ts';
import type { ProvingDeps } from './deps.ts';
import type { Dossier } from './dossier.ts';
import { getJson, MAX_FILE_BYTES } from './stored.ts';

/** Test files that are read to recognise their literals, and how much of each. */
const MAX_TEST_FILES = 300;
const MAX_TEST_BYTES = 131_072;

/** The changed files as the gate sees them, and which of them are back to their last green content. */
export async function gateFiles(
  deps: ProvingDeps,
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
    files.push({ path: change.path, before: textOf(before), after: text, binary: after !== null && text === null });
    if (incident.lastGreenSha !== undefined) {
      const green = await read(incident.lastGreenSha, change.path);
      if (green === null ? after === null : after !== null && Buffer.from(green).equals(after)) {
        restored.add(change.path);
      }
    }
  }
  return { files, restored };
}

/** Texts of the repository's test files at a revision. */
export async function testTexts(deps: ProvingDeps, { incident }: Dossier, sha: string): Promise<readonly string[]> {
  const texts: string[] = [];
  const tar: Readable = await deps.forge.repositories.exportTree(incident.repo, sha);
  const entries = tar.pipe(extract());
  // A broken source does not end the pipe by itself.
  tar.once('error', (error) => entries.destroy(error));
  try {
    for await (const entry of entries) {
      const { name, type, size } = entry.header;
      if (type !== 'file' || !isTestFile(name) || (size ?? 0) > MAX_TEST_BYTES || texts.length >= MAX_TEST_FILES) {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry) {
        chunks.push(chunk as Buffer);
      }
      const text = textOf(Buffer.concat(chunks));
      if (text !== null) {
        texts.push(text);
      }
    }
  } finally {
    tar.destroy();
  }
  return texts;
}

/** The whole report of a run; null when it has none. */
export async function reportOf(deps: ProvingDeps, run: RunFacts | undefined): Promise<TestReport | null> {
  return run?.report === undefined ? null : getJson(deps, run.report.artifact, TestReport);
}
