import { z } from 'zod';
import { Dependencies, SandboxWishes } from '../../domain/dependencies.schema.ts';
import { CommitSha, RepoRef } from '../../domain/names.schema.ts';

const Text = z.string().max(200);
const Moment = z.string().max(40);
const Process = z.object({ pid: z.number().int().positive(), started: z.string().max(100) });

/** How production of one environment runs and is measured; the owner writes it. */
export const EnvironmentSettings = z.strictObject({
  /** Program and arguments, run in the release folder; `node` is the Node that runs the forge. It listens on 127.0.0.1 at `PORT`. */
  start: z.array(z.string().min(1).max(1000)).min(1).max(50),
  /** Stable port in front of the live release; 0 picks one; absent: the release is reached at its own port. */
  port: z.number().int().min(0).max(65_535).optional(),
  /** Answers 2xx when the service can take requests. */
  healthPath: z.string().startsWith('/').max(500).default('/health'),
  startTimeoutMs: z.number().int().positive().max(600_000).default(15_000),
  /** Requests that measure production; absent: only the health endpoint is asked. */
  probe: z
    .strictObject({
      method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']).default('POST'),
      path: z.string().startsWith('/').max(500),
      /** JSON array of request bodies, absolute or relative to the repository's record folder; absent: one request without a body. */
      bodiesFile: z.string().min(1).max(1000).optional(),
      headers: z.record(z.string().max(100), z.string().max(1000)).default({}),
    })
    .optional(),
});
export type EnvironmentSettings = z.infer<typeof EnvironmentSettings>;

/** `settings.json` of a served repository: what its owner decides. Unknown keys are errors. */
export const RepositorySettings = z.strictObject({
  defaultBranch: z.string().min(1).max(250),
  /** A copy of somebody's repository on disk, made for a command that they named: nothing of theirs is checked or reported unasked. */
  mirror: z.boolean().default(false),
  /** The default branch changes only by pull requests whose required checks succeeded. */
  protected: z.boolean().default(true),
  requiredChecks: z.array(z.string().min(1).max(100)).max(50).default([]),
  mergeMethod: z.enum(['merge', 'fast-forward']).default('merge'),
  maintainers: z.array(Text).max(1000).default([]),
  collaborators: z.array(Text).max(1000).default([]),
  firstPullRequest: z.number().int().positive().default(1),
  environments: z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/), EnvironmentSettings).default({}),
});
export type RepositorySettings = z.infer<typeof RepositorySettings>;

/** One pull request, `pulls/<number>.json`. */
export const PullRecord = z.object({
  number: z.number().int().positive(),
  title: z.string(),
  body: z.string(),
  marker: z.string().nullable(),
  author: Text,
  baseBranch: z.string(),
  headBranch: z.string(),
  headSha: CommitSha,
  fromFork: z.boolean(),
  labels: z.array(z.string()),
  draft: z.boolean(),
  state: z.enum(['open', 'closed', 'merged']),
  closedBy: Text.nullable(),
  mergeSha: CommitSha.nullable(),
  createdAt: Moment,
  updatedAt: Moment,
  comments: z.array(z.object({ by: Text, at: Moment, body: z.string() })),
});
export type PullRecord = z.infer<typeof PullRecord>;

/** One check of one revision, `checks/<sha>/<name>.json`; its log lies beside it. */
export const CheckRecord = z.object({
  name: z.string(),
  sha: CommitSha,
  status: z.enum(['queued', 'running', 'completed']),
  conclusion: z.enum(['success', 'failure', 'cancelled', 'timed-out', 'neutral']).nullable(),
  /** What is run; null when another system reports this check. */
  job: z
    .object({
      run: z.string(),
      setup: z.string().nullable(),
      timeoutSeconds: z.number().int().positive(),
      sandbox: SandboxWishes.optional(),
      dependencies: z.union([z.literal('auto'), z.array(Dependencies)]).optional(),
    })
    .nullable(),
  /** Process that runs it. */
  runner: Process.nullable(),
  queuedAt: Moment,
  completedAt: Moment.nullable(),
  isolation: z.string().nullable(),
});
export type CheckRecord = z.infer<typeof CheckRecord>;

/** A check that is queued, runs, or is completed and not announced yet: `pending/<sha>-<name>.json`. */
export const PendingCheck = z.object({ sha: CommitSha, name: z.string() });
export type PendingCheck = z.infer<typeof PendingCheck>;

/** One deployment, `deployments/<id>.json`. */
export const DeploymentRecord = z.object({
  id: z.string().regex(/^[1-9][0-9]{0,9}$/),
  key: z.string(),
  sha: CommitSha,
  environment: z.string(),
  state: z.enum(['queued', 'running', 'success', 'failure']),
  detail: z.string().nullable(),
  actor: Text,
  createdAt: Moment,
  updatedAt: Moment,
  /** Service that carries it out. */
  runner: Process.nullable(),
});
export type DeploymentRecord = z.infer<typeof DeploymentRecord>;

/** What is live in an environment, `environments/<name>.json`. */
export const LiveRecord = z.object({
  deployment: z.string(),
  sha: CommitSha,
  process: Process,
  /** Port that the release itself listens on. */
  port: z.number().int(),
  /** Stable port in front of it. */
  front: z.number().int().nullable(),
  since: Moment,
});
export type LiveRecord = z.infer<typeof LiveRecord>;

/** The live comment of a healing, `claims/<marker>.json`. */
export const ClaimRecord = z.object({
  subject: z.string(),
  marker: z.string(),
  body: z.string(),
  createdAt: Moment,
  updatedAt: Moment,
});
export type ClaimRecord = z.infer<typeof ClaimRecord>;

/** What the service last told the world of a repository. */
export const ObservedRecord = z.object({
  heads: z.record(z.string(), CommitSha),
  pulls: z.record(z.string(), z.object({ state: z.enum(['open', 'closed', 'merged']), headSha: CommitSha })),
  deployments: z.record(z.string(), z.enum(['queued', 'running', 'success', 'failure'])),
});
export type ObservedRecord = z.infer<typeof ObservedRecord>;

/** An event on its way, `outbox/<order>-<delivery>.json`. */
export const OutboxRecord = z.object({
  delivery: z.string(),
  event: z.string(),
  repo: RepoRef,
  /** The exact text that is signed and sent. */
  body: z.string(),
  createdAt: Moment,
  attempts: z.number().int().nonnegative(),
  /** Not before this moment, milliseconds since 1970. */
  nextAt: z.number(),
});
export type OutboxRecord = z.infer<typeof OutboxRecord>;
