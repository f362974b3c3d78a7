import { Failure } from '../domain/failure.ts';
import type { ProvingCommand } from '../domain/incident.schema.ts';
import { RunFacts } from '../domain/proof.schema.ts';
import { visibleText } from '../lib/escape.ts';
import { excerpt, tail, within } from '../lib/excerpt.ts';
import { parseReport } from '../reports/index.ts';
import type { JobResult, SandboxJob, StepResult } from '../sandbox/contract.ts';
import { beating } from './activity-context.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { commandOf, readDossier } from './dossier.ts';
import { keyHash } from './keys.ts';
import { getChangeSet, JSON_TYPE } from './stored.ts';

/** Bytes of output that are kept; the sandbox itself hands out at most 1 MiB a step. */
const MAX_LOG = 2 * 1024 ** 2;
/** Bytes of the excerpt in history. */
const MAX_EXCERPT = 2_000;
/** Names of failed tests in history: how many, and characters of them all. */
const MAX_FAILED = 50;
const MAX_FAILED_CHARS = 3_000;

/** Steps of one command, set-up first: when that fails the job stops there, so the last step tells which it was. */
export function stepsOf(command: Pick<ProvingCommand, 'setup' | 'run'>, name: string): SandboxJob['steps'] {
  return [...(command.setup === undefined ? [] : [{ name: 'setup', run: command.setup }]), { name, run: command.run }];
}

/** The report of a run: counts for history, the whole as an artifact. */
async function summarize(
  deps: ActivityDeps,
  command: ProvingCommand,
  output: string,
  file: Uint8Array | undefined,
): Promise<RunFacts['report']> {
  const report = parseReport(command.report, { output, file });
  if (report === null) {
    return undefined;
  }
  const tests = report.tests.map((test) => ({ ...test, name: deps.redact(test.name) }));
  const count = (status: (typeof tests)[number]['status']): number => tests.filter((test) => test.status === status).length;
  const failed = [...new Set(tests.filter((test) => test.status === 'failed').map((test) => test.name.slice(0, 300)))].sort();
  const failedTests = within(failed.slice(0, MAX_FAILED), MAX_FAILED_CHARS);
  const artifact = await deps.artifacts.put(JSON.stringify({ ...report, tests }), JSON_TYPE);
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), failedTests, artifact };
}

/** Facts of a run from what the sandbox says of it. */
async function factsOf(deps: ActivityDeps, command: ProvingCommand, result: JobResult): Promise<RunFacts> {
  const last: StepResult | undefined = result.steps.at(-1);
  if (last === undefined) {
    throw new Failure('bug', 'the sandbox reported no step at all');
  }
  const setupFailed = command.setup !== undefined && last.name === 'setup';
  const output = deps.redact(visibleText(result.steps.map((step) => step.output).join('')));
  const file = command.reportPath === undefined ? undefined : result.artifacts.get(command.reportPath);
  // Colours are gone from the kept log, but a report is read from what the command really printed.
  const report = setupFailed ? undefined : await summarize(deps, command, last.output, file);
  return RunFacts.parse({
    name: command.name,
    exitCode: last.exitCode,
    signal: last.signal,
    timedOut: last.timedOut,
    killedBy: last.killedBy,
    oomKilled: last.oomKilled,
    outputTruncated: result.steps.some((step) => step.outputTruncated),
    setupFailed,
    durationMs: result.steps.reduce((sum, step) => sum + step.durationMs, 0),
    log: await deps.artifacts.put(excerpt(output, MAX_LOG), 'text/plain'),
    excerpt: tail(output.trimEnd(), MAX_EXCERPT),
    ...(report === undefined ? {} : { report }),
    isolation: result.isolation.slice(0, 200),
  });
}

function remembered(text: string): RunFacts {
  try {
    return RunFacts.parse(JSON.parse(text));
  } catch (error) {
    throw new Failure('artifact-missing', 'the record of an earlier run is damaged: start the healing again', { cause: error });
  }
}

/** Running the repository's own commands: no network, no secrets, once per key. */
export function sandboxActivities(deps: ActivityDeps): Pick<Activities, 'runCommand'> {
  return {
    async runCommand({ key, dossier: ref, command: name, sha, changeSet: changeSetRef }) {
      const dossier = await readDossier(deps, ref);
      const { repo } = dossier.incident;
      const command = commandOf(dossier, name);
      const recordKey = `run/${key}`;
      const earlier = await deps.records.get(recordKey);
      let facts = earlier === null ? null : remembered(earlier);
      if (facts === null) {
        const changeSet = changeSetRef === undefined ? null : await getChangeSet(deps, changeSetRef);
        if (changeSet !== null && changeSet.base !== sha) {
          throw new Failure('plan-invalid', 'a change set is to be tried on a revision that it was not made for');
        }
        const job: SandboxJob = {
          name: `run-${keyHash(key, 32)}`,
          openBase: () => deps.forge.repositories.exportTree(repo, sha),
          files: changeSet?.files ?? [],
          steps: stepsOf(command, 'command'),
          limits: { ...deps.limits, wallClockMs: Math.min(deps.limits.wallClockMs, command.timeoutSeconds * 1000) },
          env: {},
          artifacts: command.reportPath === undefined ? [] : [command.reportPath],
          collectChanges: null,
        };
        const ran = await beating(job.name, async (signal, onProgress) => {
          const result = await deps.sandbox.run(job, { signal, onProgress });
          if (result.steps.some((step) => step.killedBy === 'cancel')) {
            throw new Failure('cancelled', 'the run was stopped');
          }
          return factsOf(deps, command, result);
        });
        facts = remembered(await deps.records.putOnce(recordKey, JSON.stringify(ran)));
      }
      await audit(deps, {
        key: `${key}/audit`,
        action: 'command-run',
        repo,
        facts: {
          command: name,
          sha,
          changeSet: changeSetRef?.hash ?? null,
          exitCode: facts.exitCode,
          timedOut: facts.timedOut,
          killedBy: facts.killedBy,
          setupFailed: facts.setupFailed,
          log: facts.log.sha256,
          isolation: facts.isolation,
        },
      });
      return facts;
    },
  };
}
