import { z } from 'zod';
import { ArtifactRef, CommitSha, RepoRef, Subject } from './names.schema.ts';

/** What kind of fact a signal reports; the healing reacts to the kind, never to the text. */
export const SignalKind = z.enum([
  'check-failed',
  'check-passed',
  'alert-triggered',
  'alert-recovered',
  'head-moved',
  'change-closed',
  'change-merged',
  'deployment-finished',
  'requested',
  'patrol-found',
  'commanded',
]);
export type SignalKind = z.infer<typeof SignalKind>;

/** How far the one who caused a signal is trusted: `outsider` may only be analysed, never acted for. */
export const ActorTrust = z.enum(['system', 'maintainer', 'collaborator', 'outsider']);
export type ActorTrust = z.infer<typeof ActorTrust>;

/** The verified identity behind a signal or a decision. */
export const Actor = z.object({
  id: z.string().min(1).max(200),
  trust: ActorTrust,
  /** Groups and roles that the vendor confirmed just now, as a policy names them: `slack-group:S…`, `role:maintainer`. */
  groups: z.array(z.string().min(1).max(200)).max(50).optional(),
});
export type Actor = z.infer<typeof Actor>;

/** One thing that arrived: small, typed, redacted; the raw payload is an artifact. */
export const Signal = z.object({
  /** Delivery id, unique per source; duplicates are dropped by it. */
  id: z.string().min(1).max(200),
  /** Id of the alert source that parsed it. */
  source: z.string().max(50),
  kind: SignalKind,
  repo: RepoRef,
  subject: Subject,
  /** When it happened, ISO 8601 UTC. */
  at: z.string().max(40),
  actor: Actor,
  /** One line for people; text from outside, so data and never instruction. */
  summary: z.string().max(300),
  /** The commit it is about, when the source knows. */
  sha: CommitSha.optional(),
  /** Service name of an alert. */
  service: z.string().max(100).optional(),
  /** Further named facts: check name, monitor id, measured value. At most 20 entries of 500 characters. */
  facts: z.record(z.string().max(50), z.string().max(500)),
  payload: ArtifactRef.optional(),
});
export type Signal = z.infer<typeof Signal>;
