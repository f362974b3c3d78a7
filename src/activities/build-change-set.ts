import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { ChangeSet, ChangeSetRef, type FileChange } from '../domain/change-set.schema.ts';
import { Failure } from '../domain/failure.ts';
import { Plan } from '../domain/plan.schema.ts';
import { oneLine, within } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import { type CannotBuild, carryOutPlan, type Overlay } from './carry-out-plan.ts';
import type { Activities } from './contract.ts';
import { countLines, type FileVersions } from './count-lines.ts';
import type { ActivityDeps } from './deps.ts';
import { type Dossier, readDossier } from './dossier.ts';
import { getJson, MAX_FILE_BYTES, putJson } from './stored.ts';

/** Bytes that one change set may write, whatever a policy says: half of what one artifact holds in base64. */
const MAX_BYTES = 16 * 1024 ** 2;
/** Paths in history: how many, and characters of them all. */
const MAX_PATHS = 50;
const MAX_PATH_CHARS = 3_000;

const Built = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('built'), changeSet: ChangeSetRef }),
  z.object({ kind: z.literal('failed'), detail: z.string() }),
]);
type Built = z.infer<typeof Built>;

function contentOf(change: FileChange): Uint8Array | null {
  return change.op === 'delete' ? null : Buffer.from(change.content, 'base64');
}

/** Sorted, and without what leaves a file as it is. */
async function normalise(
  { forge }: ActivityDeps,
  { incident }: Dossier,
  overlay: Overlay,
): Promise<{ readonly files: readonly FileChange[]; readonly versions: readonly FileVersions[] }> {
  const files: FileChange[] = [];
  const versions: FileVersions[] = [];
  for (const [path, change] of [...overlay].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const mode = await forge.repositories.fileMode(incident.repo, incident.headSha, path);
    const before = mode === null ? null : await forge.repositories.readFile(incident.repo, incident.headSha, path, MAX_FILE_BYTES);
    const after = contentOf(change);
    const same =
      change.op === 'delete'
        ? before === null
        : before !== null && mode === change.mode && Buffer.from(before).equals(after ?? new Uint8Array());
    if (!same) {
      files.push(change);
      versions.push({ path, before, after });
    }
  }
  return { files, versions };
}

async function make(deps: ActivityDeps, dossier: Dossier, plan: Plan, key: string): Promise<Built> {
  const overlay: Overlay | CannotBuild = await carryOutPlan(deps, dossier, plan, key);
  if (!(overlay instanceof Map)) {
    return overlay;
  }
  const { files, versions } = await normalise(deps, dossier, overlay);
  if (files.length === 0) {
    return { kind: 'failed', detail: 'the plan changes nothing' };
  }
  const bytes = versions.reduce((sum, version) => sum + (version.after?.byteLength ?? 0), 0);
  if (bytes > MAX_BYTES) {
    return { kind: 'failed', detail: `the change writes ${bytes} bytes, more than ${MAX_BYTES}` };
  }
  const changeSet = ChangeSet.safeParse({ base: dossier.incident.headSha, files });
  if (!changeSet.success) {
    const issue = changeSet.error.issues[0];
    return {
      kind: 'failed',
      detail: oneLine(`the change does not fit into a change set: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`, 300),
    };
  }
  const artifact = await putJson(deps, changeSet.data);
  const paths = files.map((file) => file.path);
  return {
    kind: 'built',
    // The artifact is the canonical JSON, so its hash is the hash of the change set.
    changeSet: {
      artifact,
      hash: artifact.sha256,
      base: changeSet.data.base,
      paths: within(paths.slice(0, MAX_PATHS), MAX_PATH_CHARS),
      fileCount: paths.length,
      ...countLines(versions),
    },
  };
}

/** As `make`; a file beyond the limits is an answer too. */
async function build(deps: ActivityDeps, dossier: Dossier, plan: Plan, key: string): Promise<Built> {
  try {
    return await make(deps, dossier, plan, key);
  } catch (error) {
    if (error instanceof Failure && error.code === 'too-large') {
      return { kind: 'failed', detail: oneLine(deps.redact(error.message), 300) };
    }
    throw error;
  }
}

function remembered(text: string): Built {
  try {
    return Built.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure('artifact-missing', 'the record of an earlier change is damaged: start the healing again', { cause: error });
  }
}

/** Making the change: the same key gives the same change set. */
export function changeSetActivities(deps: ActivityDeps): Pick<Activities, 'buildChangeSet'> {
  return {
    async buildChangeSet({ key, dossier: ref, plan: planRef }) {
      const dossier = await readDossier(deps, ref);
      const recordKey = `change/${key}`;
      const earlier = await deps.records.get(recordKey);
      const built =
        earlier !== null
          ? remembered(earlier)
          : remembered(
              await deps.records.putOnce(recordKey, JSON.stringify(await build(deps, dossier, await getJson(deps, planRef, Plan), key))),
            );
      await audit(deps, {
        key: `${key}/audit`,
        action: 'change-built',
        repo: dossier.incident.repo,
        facts:
          built.kind === 'built'
            ? { result: 'built', hash: built.changeSet.hash, files: built.changeSet.fileCount, base: built.changeSet.base }
            : { result: 'failed', detail: built.detail },
      });
      return built;
    },
  };
}
