import { Buffer } from 'node:buffer';
import type { FileChange } from '../domain/change-set.schema.ts';
import { matchesAny } from '../domain/glob.ts';
import type { Plan, PlanStep } from '../domain/plan.schema.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { SandboxJob } from '../sandbox/contract.ts';
import { beating } from './activity-context.ts';
import type { ActivityDeps } from './deps.ts';
import type { Dossier } from './dossier.ts';
import { keyHash } from './keys.ts';
import { baseOf, limitsOf, SETUP_STEP, stepsOf, wishesOf } from './sandbox.ts';
import { MAX_FILE_BYTES } from './stored.ts';

/** Files changed so far by path, on top of the base. */
export type Overlay = Map<string, FileChange>;

/** Why a plan could not be carried out; a result for people, not a fault. */
export interface CannotBuild {
  readonly kind: 'failed';
  readonly detail: string;
}

const fail = (detail: string): CannotBuild => ({ kind: 'failed', detail: oneLine(detail, 300) });

type Step<Kind extends PlanStep['kind']> = Extract<PlanStep, { readonly kind: Kind }>;

interface Building {
  readonly deps: ActivityDeps;
  readonly dossier: Dossier;
  readonly overlay: Overlay;
  readonly key: string;
}

function write(path: string, mode: string, content: Uint8Array): FileChange | CannotBuild {
  return mode === '100644' || mode === '100755'
    ? { op: 'write', path, mode, content: Buffer.from(content).toString('base64') }
    : fail(`${path} is no regular file (mode ${mode}) there`);
}

async function restore({ deps, dossier, overlay }: Building, { path, from }: Step<'restore-file'>): Promise<CannotBuild | null> {
  const { repositories } = deps.forge;
  const { repo } = dossier.incident;
  const mode = await repositories.fileMode(repo, from, path);
  const content = mode === null ? null : await repositories.readFile(repo, from, path, MAX_FILE_BYTES);
  const change: FileChange | CannotBuild = mode === null || content === null ? { op: 'delete', path } : write(path, mode, content);
  if ('kind' in change) {
    return change;
  }
  overlay.set(path, change);
  return null;
}

async function revert({ deps, dossier, overlay }: Building, { sha, mainline }: Step<'revert-commit'>): Promise<CannotBuild | null> {
  const { repo, headSha } = dossier.incident;
  const inverse = await deps.forge.repositories.revertOf(repo, sha, headSha, mainline);
  if (inverse === null) {
    return fail(`commit ${sha.slice(0, 10)} cannot be undone cleanly: later commits build on it`);
  }
  // The inverse was made for the base, so it must not meet what an earlier step did.
  const twice = inverse.files.find((file) => overlay.has(file.path));
  if (twice !== undefined) {
    return fail(`${twice.path} is changed by two steps of the plan`);
  }
  for (const file of inverse.files) {
    overlay.set(file.path, file);
  }
  return null;
}

async function runTool({ deps, dossier, overlay, key }: Building, { run, only, resolves }: Step<'run-tool'>): Promise<CannotBuild | null> {
  const { incident } = dossier;
  const { setup } = incident.failing;
  const job: SandboxJob = {
    name: `tool-${keyHash(key, 32)}`,
    ...baseOf(deps, incident.repo, incident.headSha),
    files: [...overlay.values()],
    // Setting up needs the very lock file that a resolving job is there to write, and is not for a job that may reach a network.
    steps: stepsOf({ run, ...(setup === undefined || resolves === true ? {} : { setup }) }, 'tool'),
    limits: limitsOf(deps, dossier, incident.failing.timeoutSeconds),
    env: {},
    artifacts: [],
    collectChanges: { only },
    ...(resolves === true ? { resolves } : {}),
    ...wishesOf(dossier),
  };
  const result = await beating(job.name, deps.redact, (voice) => deps.sandbox.run(job, voice));
  const last = result.steps.at(-1);
  if (last === undefined || last.exitCode === null || last.timedOut || last.killedBy !== null) {
    return fail(`the tool did not finish: ${last?.killedBy ?? last?.signal ?? 'no step ran'}`);
  }
  if (last.exitCode !== 0 && last.name === SETUP_STEP) {
    return fail(`the set-up command failed with exit code ${last.exitCode}`);
  }
  // Several fixers exit with 1 when something is left that they cannot fix; the proof tells whether what they did is enough. A tool that could not start did nothing.
  if (last.exitCode === 126 || last.exitCode === 127 || (last.exitCode !== 0 && result.changes.length === 0)) {
    return fail(`the tool failed with exit code ${last.exitCode}`);
  }
  if (result.refused.length > 0) {
    return fail(`the tool left what a change set cannot carry: ${deps.redact(result.refused[0] ?? '')}`);
  }
  const stray = only.length === 0 ? undefined : result.changes.find((change) => !matchesAny(change.path, only));
  if (stray !== undefined) {
    return fail(`the sandbox handed back ${stray.path}, which the plan did not ask for`);
  }
  for (const change of result.changes) {
    overlay.set(change.path, change);
  }
  return null;
}

async function carryOut(building: Building, step: PlanStep): Promise<CannotBuild | null> {
  switch (step.kind) {
    case 'restore-file':
      return restore(building, step);
    case 'revert-commit':
      return revert(building, step);
    case 'write-file': {
      const change = write(step.path, step.mode, await building.deps.artifacts.get(step.content));
      if ('kind' in change) {
        return change;
      }
      building.overlay.set(step.path, change);
      return null;
    }
    case 'write-text':
      building.overlay.set(step.path, {
        op: 'write',
        path: step.path,
        mode: step.mode,
        content: Buffer.from(step.text, 'utf8').toString('base64'),
      });
      return null;
    case 'delete-file':
      building.overlay.set(step.path, { op: 'delete', path: step.path });
      return null;
    case 'run-tool':
      return runTool(building, step);
  }
}

/** Carries out the steps of a plan one after the other; files come as data from the forge, tools run in the sandbox. */
export async function carryOutPlan(deps: ActivityDeps, dossier: Dossier, plan: Plan, key: string): Promise<Overlay | CannotBuild> {
  const overlay: Overlay = new Map();
  for (const [at, step] of plan.steps.entries()) {
    const problem = await carryOut({ deps, dossier, overlay, key: `${key}/step/${at}` }, step);
    if (problem !== null) {
      return problem;
    }
  }
  return overlay;
}
