import type { Incident } from '../domain/incident.schema.ts';
import type { LogDigest } from '../domain/log-digest.schema.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import { changedPaths } from '../domain/policy/diagnose.ts';
import type { Reproduction } from '../domain/reproduction.schema.ts';
import { visibleText } from '../lib/escape.ts';
import { digestLog } from '../logs/index.ts';
import type { ActivityDeps } from './deps.ts';

/** The log that shows the failure best: of our own red run, else what the forge has of the failing check. */
function logOf({ evidence, failing }: Incident, reproduction: Reproduction | null) {
  const red = reproduction?.runs.findLast(({ exitCode, timedOut }) => exitCode !== 0 || timedOut);
  if (red !== undefined) return { ref: red.log, ours: true };
  const check = evidence.find(
    ({ kind, summary, artifact }) => kind === 'check' && artifact !== undefined && summary.includes(failing.name),
  );
  return check?.artifact === undefined ? null : { ref: check.artifact, ours: false };
}

/** What the failing check says of single lines. */
const annotationsOf = ({ evidence, failing }: Incident): ArtifactRef | undefined =>
  evidence.find(({ kind, summary }) => kind === 'log' && summary.startsWith(`check ${failing.name} has `))?.artifact;

/** What the failing command's log comes to, compared with the last green run's where the forge still has it; null where there is no log. */
export async function digestOf(deps: ActivityDeps, incident: Incident, reproduction: Reproduction | null): Promise<LogDigest | null> {
  const log = logOf(incident, reproduction);
  if (log === null) return null;
  const read = async (ref: ArtifactRef) => new TextDecoder().decode(await deps.artifacts.get(ref));
  // Our own run says what the forge's annotations say, and what it does not say it did not see.
  const annotations = log.ours ? undefined : annotationsOf(incident);
  const text = `${await read(log.ref)}${annotations === undefined ? '' : `\n${await read(annotations)}`}`;
  // Our own run prints what the command prints and nothing of the forge's: their logs would differ in every line.
  const green =
    log.ours || incident.lastGreenSha === undefined
      ? null
      : await deps.forge.checks.log(incident.repo, incident.lastGreenSha, incident.failing.name);
  return digestLog({
    text,
    ...(green === null ? {} : { green: deps.redact(visibleText(new TextDecoder().decode(green))) }),
    paths: changedPaths(incident),
    command: incident.failing.run,
  });
}
