import { Failure } from '../domain/failure.ts';
import type { ProvingCommand } from '../domain/incident.schema.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import { RunFacts } from '../domain/proof.schema.ts';
import { visibleText } from '../lib/escape.ts';
import { excerpt, tail, within } from '../lib/excerpt.ts';
import { parseReport } from '../reports/index.ts';
import type { JobResult, SandboxJob, StepResult } from '../sandbox/contract.ts';
import { beating } from './activity-context.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps, ProvingDeps } from './deps.ts';
import { commandOf, type Dossier, readDossier } from './dossier.ts';
import { keyHash } from './keys.ts';
import { getChangeSet, JSON_TYPE } from './stored.ts';

/** Bytes of output that are kept; the sandbox itself hands out at most 1 MiB a step. */
const MAX_LOG = 2 * 1024 ** 2;
/** Bytes of the excerpt in history. */
const MAX_EXCERPT = 2_000;
/** Names of failed tests in history: how many, and characters of them all. */
const MAX_FAILED = 50;
const MAX_FAILED_CHARS = 3_000;

/** Name of the step that stands for everything before the command itself; installing dependencies has the same. */
export const SETUP_STEP = 'setup';

/** Steps of one command, set-up first: when that fails the job stops there, so the last step tells which it was. */
export function stepsOf(command: Pick<ProvingCommand, 'setup' | 'run'>, name: string): SandboxJob['steps'] {
  return [...(command.setup === undefined ? [] : [{ name: SETUP_STEP, run: command.setup }]), { name, run: command.run }];
}

type Reached = NonNullable<RunFacts['reached']>[number];
const reachedWords = ({ endpoint, connections, refused, sentBytes, receivedBytes }: Reached): string =>
  `${endpoint}: ${connections} connected, ${refused} refused, ${sentBytes} bytes sent, ${receivedBytes} received`;

/** A revision of a served repository as the base of a job. */
export const baseOf = ({ forge }: Pick<ActivityDeps, 'forge'>, repo: RepoRef, sha: string): Pick<SandboxJob, 'revision' | 'openBase'> => ({
  revision: { repository: `${repo.owner}/${repo.name}`, sha },
  openBase: () => forge.repositories.exportTree(repo, sha),
});

/** What a repository asks of the sandbox; the sandbox decides what it gets. */
export function wishesOf({ incident, policy }: Dossier): Pick<SandboxJob, 'repository' | 'backend' | 'profiles' | 'dependencies'> {
  const { backend, profiles } = policy.sandbox;
  return {
    repository: `${incident.repo.owner}/${incident.repo.name}`,
    dependencies: policy.dependencies,
    ...(backend === undefined ? {} : { backend }),
    ...(profiles === undefined ? {} : { profiles }),
  };
}

const MIB = 1024 ** 2;

/** The server's limits, lowered where the repository or the command asks for less. */
export function limitsOf({ limits }: Pick<ActivityDeps, 'limits'>, { policy }: Dossier, timeoutSeconds: number): SandboxJob['limits'] {
  const { wallClockSeconds = timeoutSeconds, memoryMiB, processes, workspaceMiB } = policy.sandbox;
  const lower = (wanted: number | undefined, most: number): number => Math.min(wanted ?? most, most);
  return {
    ...limits,
    wallClockMs: lower(Math.min(wallClockSeconds, timeoutSeconds) * 1000, limits.wallClockMs),
    memoryBytes: lower(memoryMiB === undefined ? undefined : memoryMiB * MIB, limits.memoryBytes),
    processes: lower(processes, limits.processes),
    workspaceBytes: lower(workspaceMiB === undefined ? undefined : workspaceMiB * MIB, limits.workspaceBytes),
  };
}

/** The report of a run: counts for history, the whole as an artifact. */
async function summarize(
  deps: ProvingDeps,
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
async function factsOf(deps: ProvingDeps, command: ProvingCommand, result: JobResult): Promise<RunFacts> {
  const last: StepResult | undefined = result.steps.at(-1);
  if (last === undefined) {
    throw new Failure('bug', 'the sandbox reported no step at all');
  }
  const setupFailed = last.name === SETUP_STEP;
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
    ...(result.connections.length === 0 ? {} : { reached: result.connections.map((each) => ({ ...each })) }),
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
export function sandboxActivities(deps: ProvingDeps): Pick<Activities, 'runCommand'> {
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
          ...baseOf(deps, repo, sha),
          files: changeSet?.files ?? [],
          steps: stepsOf(command, 'command'),
          limits: limitsOf(deps, dossier, command.timeoutSeconds),
          env: {},
          artifacts: command.reportPath === undefined ? [] : [command.reportPath],
          collectChanges: null,
          ...wishesOf(dossier),
        };
        const ran = await beating(job.name, deps.redact, async (voice) => {
          const result = await deps.sandbox.run(job, voice);
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
          ...(facts.reached === undefined ? {} : { reached: facts.reached.map(reachedWords).join('; ').slice(0, 2000) }),
        },
      });
      return facts;
    },
  };
}
