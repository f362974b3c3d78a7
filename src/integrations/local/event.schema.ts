import { z } from 'zod';
import { CommitSha, RepoRef } from '../../domain/names.schema.ts';
import { ActorTrust } from '../../domain/signal.schema.ts';

const Name = z.string().max(250);

/** What an event says of a pull request. */
export const EventPull = z.object({
  number: z.number().int().positive(),
  state: z.enum(['open', 'closed', 'merged']),
  headBranch: Name,
  headSha: CommitSha,
  baseBranch: Name,
  author: Name,
  fork: z.boolean(),
  mergeSha: CommitSha.nullable(),
  /** Marker in its body when Suture opened it. */
  marker: z.string().max(500).nullable(),
});
export type EventPull = z.infer<typeof EventPull>;

const common = {
  delivery: z.string().min(1).max(100),
  repository: RepoRef,
  /** When it happened, ISO 8601 UTC. */
  at: z.string().max(40),
  /** Who did it, with the trust that the repository's settings give them. */
  actor: z.object({ id: z.string().min(1).max(200), trust: ActorTrust }),
};

/** One event of the local forge as it goes over the wire, signed. */
export const ForgeEvent = z.discriminatedUnion('event', [
  z.object({
    ...common,
    event: z.literal('check_completed'),
    action: z.literal('completed'),
    check: z.object({
      name: z.string().max(100),
      sha: CommitSha,
      conclusion: z.enum(['success', 'failure', 'cancelled', 'timed-out', 'neutral']),
      required: z.boolean(),
    }),
    /** Branches whose head this revision is. */
    branches: z.array(Name).max(20),
    /** Pull requests whose head it is, open ones first. */
    pullRequests: z.array(EventPull).max(20),
  }),
  z.object({
    ...common,
    event: z.literal('pull_request'),
    action: z.enum(['opened', 'synchronize', 'closed', 'merged', 'reopened']),
    pullRequest: EventPull,
  }),
  z.object({
    ...common,
    event: z.literal('push'),
    action: z.enum(['created', 'updated', 'deleted']),
    branch: Name,
    before: CommitSha.nullable(),
    after: CommitSha.nullable(),
  }),
  z.object({
    ...common,
    event: z.literal('deployment_status'),
    action: z.enum(['success', 'failure']),
    deployment: z.object({
      id: z.string().max(20),
      sha: CommitSha,
      environment: z.string().max(100),
      detail: z.string().max(500).nullable(),
    }),
    /** The merged pull request whose merge this commit is. */
    pullRequest: EventPull.nullable(),
    defaultBranch: Name,
  }),
]);
export type ForgeEvent = z.infer<typeof ForgeEvent>;
