import { z } from 'zod';
import { CommitSha, type RepoRef, SafeName } from '../../domain/names.schema.ts';

// GitHub adds fields, drops them, and sends null where its own schemas promise more. Only what is used is read, and what does not fit is absent:
// a delivery that is refused would be sent again and again, and never be better.
const maybe = <Schema extends z.ZodType>(schema: Schema) => schema.optional().catch(undefined);
/** Items that do not fit are left out; the others count. */
const list = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .array(maybe(schema))
    .catch([])
    .default([])
    .transform((items) => items.filter((item): item is NonNullable<typeof item> => item !== undefined));

const Text = maybe(z.string());
const Sha = maybe(CommitSha);
const Id = maybe(z.number().int().positive());

/** Who did something. */
const Account = maybe(z.object({ login: z.string().min(1).max(100), type: Text }));

const FullName = z
  .string()
  .transform((name) => name.split('/'))
  .refine((parts) => parts.length === 2 && parts.every((part) => SafeName.safeParse(part).success))
  .transform(([owner = '', name = '']): RepoRef => ({ owner, name }));

/** What every event of a repository says. */
export const Common = z.object({
  action: Text,
  repository: maybe(z.object({ id: Id, full_name: maybe(FullName), default_branch: Text })),
  sender: Account,
});
export type Common = z.infer<typeof Common>;

const Side = maybe(z.object({ ref: Text, sha: Sha, repo: maybe(z.object({ id: Id })) }));

/** A pull request as checks and runs name it. */
const PullStub = z.object({ number: Id, head: Side, base: Side });
export type PullStub = z.infer<typeof PullStub>;

const App = maybe(z.object({ slug: Text }));

export const WorkflowRun = z.object({
  workflow_run: maybe(
    z.object({
      id: Id,
      name: Text,
      path: Text,
      event: Text,
      run_attempt: Id,
      conclusion: Text,
      head_sha: Sha,
      head_branch: Text,
      html_url: Text,
      updated_at: Text,
      head_repository: maybe(z.object({ id: Id })),
      pull_requests: list(PullStub),
    }),
  ),
});
export type WorkflowRun = NonNullable<z.infer<typeof WorkflowRun>['workflow_run']>;

export const CheckRun = z.object({
  check_run: maybe(
    z.object({
      id: Id,
      name: Text,
      conclusion: Text,
      head_sha: Sha,
      completed_at: Text,
      app: App,
      check_suite: maybe(z.object({ head_branch: Text })),
      pull_requests: list(PullStub),
    }),
  ),
});
export type CheckRun = NonNullable<z.infer<typeof CheckRun>['check_run']>;

export const Status = z.object({
  sha: Sha,
  context: Text,
  state: Text,
  updated_at: Text,
  branches: list(z.object({ name: Text, commit: maybe(z.object({ sha: Sha })) })),
});
export type Status = z.infer<typeof Status>;

const Label = z.object({ name: Text });

const Pull = z.object({
  number: Id,
  title: Text,
  body: Text,
  user: Account,
  merged: maybe(z.boolean()),
  merge_commit_sha: Sha,
  updated_at: Text,
  head: Side,
  base: Side,
  labels: list(Label),
});
export type Pull = z.infer<typeof Pull>;

export const PullRequest = z.object({ pull_request: maybe(Pull), label: maybe(Label), before: Sha });

export const Review = z.object({
  pull_request: maybe(Pull),
  review: maybe(z.object({ id: Id, state: Text, commit_id: Sha, submitted_at: Text, author_association: Text, user: Account })),
});

const Issue = z.object({
  number: Id,
  title: Text,
  body: Text,
  user: Account,
  updated_at: Text,
  labels: list(Label),
  // Present, whatever is in it, when the issue is a pull request.
  pull_request: z.unknown().optional(),
});
export type Issue = z.infer<typeof Issue>;

export const Issues = z.object({ issue: maybe(Issue), label: maybe(Label) });

export const IssueComment = z.object({
  issue: maybe(Issue),
  comment: maybe(z.object({ id: Id, body: Text, created_at: Text, author_association: Text, user: Account })),
});

export const Push = z.object({
  ref: Text,
  before: Sha,
  after: Sha,
  deleted: maybe(z.boolean()),
  forced: maybe(z.boolean()),
  created: maybe(z.boolean()),
});

export const DeploymentStatus = z.object({
  deployment: maybe(z.object({ id: Id, sha: Sha, ref: Text, environment: Text })),
  deployment_status: maybe(z.object({ state: Text, updated_at: Text, created_at: Text })),
});
