import type { CommitFacts, Evidence, ProvingCommand, ServiceFacts } from '../domain/incident.schema.ts';
import type { LogDigest } from '../domain/log-digest.schema.ts';
import { RepoPath, type RepoRef } from '../domain/names.schema.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { Annotation } from '../integrations/contract.ts';
import { visibleText } from '../lib/escape.ts';
import { excerpt, oneLine } from '../lib/excerpt.ts';
import { digestLog } from '../logs/index.ts';
import { parseReport } from '../reports/index.ts';
import type { ActivityDeps } from './deps.ts';
import type { DeploymentsOf } from './find-service.ts';

/** Bytes of a check's log that are kept as evidence. */
const MAX_LOG = 1024 ** 2;
/** Logs that are read; more red checks are named only. */
const MAX_LOGS = 5;
const MAX_EVIDENCE = 40;
const MAX_TESTS = 50;

/**
 * Evidence of the red checks, and which tests fail as far as the failing one's log tells; where it names none, what tools complain of in it.
 * `logMissing` when it tells nothing because there is none.
 */
export async function checkEvidence(
  deps: ActivityDeps,
  input: {
    readonly repo: RepoRef;
    readonly shas: readonly string[];
    readonly red: readonly string[];
    readonly failing: ProvingCommand;
    /** Changed since green. */
    readonly paths: readonly string[];
  },
): Promise<{
  readonly evidence: readonly Evidence[];
  readonly failingTests: readonly string[];
  readonly said: Pick<LogDigest, 'complaints' | 'frames'>;
  readonly logMissing: boolean;
}> {
  const evidence: Evidence[] = [];
  let logMissing = false;
  let failingTests: readonly string[] = [];
  let said: Pick<LogDigest, 'complaints' | 'frames'> = { complaints: [], frames: [] };
  // The failing one first: its log is needed most.
  const names = [...input.red].sort((a, b) => Number(b === input.failing.name) - Number(a === input.failing.name));
  const annotated = await annotationEvidence(deps, { repo: input.repo, shas: input.shas, names: names.slice(0, MAX_LOGS) });
  for (const [at, name] of names.entries()) {
    const found = at < MAX_LOGS ? await firstLog(deps, input.repo, input.shas, name) : null;
    if (found === null) {
      // Logs expire. Whoever reads the evidence must know that nobody has seen one.
      const why = at < MAX_LOGS ? '; no log of it can be read' : '';
      evidence.push({ kind: 'check', summary: oneLine(deps.redact(`check ${name} failed${why}`), 500) });
      if (name === input.failing.name) logMissing = true;
      continue;
    }
    const summary = oneLine(deps.redact(`check ${name} failed at ${found.sha.slice(0, 10)}`), 500);
    const text = new TextDecoder().decode(found.log);
    const kept = excerpt(deps.redact(visibleText(text)), MAX_LOG);
    if (name === input.failing.name) {
      const report = parseReport(input.failing.report, { output: text });
      const failed = (report?.tests ?? []).filter((test) => test.status === 'failed').map((test) => deps.redact(test.name).slice(0, 300));
      failingTests = [...new Set(failed)].sort().slice(0, MAX_TESTS);
      const lines = annotated.get(name)?.text;
      const all = lines === undefined ? kept : `${kept}\n${lines}`;
      if (failingTests.length === 0) said = digestLog({ text: all, paths: input.paths, command: input.failing.run });
    }
    evidence.push({
      kind: 'check',
      summary,
      artifact: await deps.artifacts.put(kept, 'text/plain'),
    });
  }
  evidence.push(...[...annotated.values()].map((each) => each.evidence));
  return { evidence, failingTests, said, logMissing };
}

/** Bytes of all annotations of one check that are kept. */
const MAX_ANNOTATIONS = 64 * 1024;

/** One annotation as one line, in the form in which a step writes it: the log's readers know it. What others wrote stays within its field. */
function asLine({ level, line, message, path, title }: Annotation): string {
  const field = (text: string): string => oneLine(text, 200).replace(/[,:%=]/g, ' ');
  const fields = [
    ...(RepoPath.safeParse(path).success && !/[,:=]/.test(path) ? [`file=${path}`, `line=${line}`] : []),
    ...(title === undefined ? [] : [`title=${field(title)}`]),
  ];
  return `::${level === 'failure' ? 'error' : level} ${fields.join(',')}::${oneLine(message, 1_000)}`;
}

/** What red checks say of single lines, where the forge keeps that: beside the log, and also where that has gone. */
async function annotationEvidence(
  { artifacts, forge, redact }: ActivityDeps,
  input: { readonly repo: RepoRef; readonly shas: readonly string[]; readonly names: readonly string[] },
): Promise<ReadonlyMap<string, { readonly text: string; readonly evidence: Evidence }>> {
  const found = new Map<string, { readonly text: string; readonly evidence: Evidence }>();
  for (const sha of input.shas) {
    const wanted = input.names.filter((name) => !found.has(name));
    if (wanted.length === 0 || forge.checks.annotations === undefined) break;
    for (const [name, annotations] of await forge.checks.annotations(input.repo, sha, wanted)) {
      const text = excerpt(redact(annotations.map(asLine).join('\n')), MAX_ANNOTATIONS);
      const summary = oneLine(redact(`check ${name} has ${annotations.length} annotation(s) at ${sha.slice(0, 10)}`), 500);
      found.set(name, { text, evidence: { kind: 'log', summary, artifact: await artifacts.put(text, 'text/plain') } });
    }
  }
  return found;
}

async function firstLog(
  { forge }: ActivityDeps,
  repo: RepoRef,
  shas: readonly string[],
  name: string,
): Promise<{ readonly sha: string; readonly log: Uint8Array } | null> {
  for (const sha of shas) {
    const log = await forge.checks.log(repo, sha, name);
    if (log !== null) {
      return { sha, log };
    }
  }
  return null;
}

/** Evidence from signals: what people and monitors said. */
export function signalEvidence(signals: readonly Signal[], redact: (text: string) => string): readonly Evidence[] {
  const kinds: Partial<Record<Signal['kind'], Evidence['kind']>> = {
    'alert-triggered': 'alert',
    'alert-recovered': 'alert',
    requested: 'person',
    'patrol-found': 'check',
    'deployment-finished': 'deployment',
  };
  return signals.flatMap((signal) => {
    const kind = kinds[signal.kind];
    return kind === undefined
      ? []
      : [
          {
            kind,
            summary: oneLine(redact(`${signal.summary} (${signal.source}, ${signal.at})`), 500),
            ...(signal.payload === undefined ? {} : { artifact: signal.payload }),
          },
        ];
  });
}

/** Evidence from history: what changed since green. */
export function changeEvidence(commits: readonly CommitFacts[], redact: (text: string) => string): readonly Evidence[] {
  return commits.slice(0, 10).map((commit) => ({
    kind: 'change',
    summary: oneLine(
      redact(
        `${commit.sha.slice(0, 10)} ${commit.subject} by ${commit.author}, touches ${commit.paths.slice(0, 5).join(', ')}${commit.paths.length > 5 ? ', …' : ''}`,
      ),
      500,
    ),
  }));
}

/** Deployments that are named: what is live, and what went before. */
const MAX_DEPLOYMENTS = 3;
const DAY_MS = 86_400_000;

/** Evidence from deployments of the service in the day before the problem showed: the newest first, each with how long before. */
export async function deploymentEvidence(
  deployments: DeploymentsOf,
  redact: (text: string) => string,
  service: ServiceFacts | undefined,
  signals: readonly Signal[],
): Promise<readonly Evidence[]> {
  if (service === undefined) return [];
  const shown = Date.parse(signals.find(({ kind }) => kind === 'alert-triggered' || kind === 'check-failed')?.at ?? '');
  const listed = await deployments(service.environment);
  return listed
    .filter(({ at }) => !(Math.abs(shown - Date.parse(at)) > DAY_MS))
    .slice(0, MAX_DEPLOYMENTS)
    .map(({ sha, state, at, environment }) => {
      const minutes = Math.round((shown - Date.parse(at)) / 60_000);
      const when = Number.isNaN(minutes)
        ? ''
        : minutes >= 0
          ? `, ${minutes} minutes before the problem showed`
          : `, ${-minutes} minutes after the problem showed`;
      return {
        kind: 'deployment',
        summary: oneLine(redact(`${sha.slice(0, 10)} was deployed to ${environment} for ${service.name}: ${state}, ${at}${when}`), 500),
      };
    });
}

/** All evidence within its limit. */
export function capped(...parts: ReadonlyArray<readonly Evidence[]>): Evidence[] {
  return parts.flat().slice(0, MAX_EVIDENCE);
}
