import { z } from 'zod';
import { ArtifactRef, RepoRef, Subject } from './names.schema.ts';

/** What people get when a healing gives up: enough to go on by hand. */
export const HandOver = z.object({
  healingId: z.string().max(300),
  repo: RepoRef,
  subject: Subject,
  outcome: z.object({ kind: z.string().max(40), reason: z.string().max(60), detail: z.string().max(500) }),
  title: z.string().max(200),
  hypotheses: z.array(z.object({ text: z.string().max(500), evidence: z.array(z.string().max(500)).max(20) })).max(20),
  tried: z.array(z.object({ strategy: z.string().max(50), result: z.string().max(300) })).max(50),
  /** Who owns the service, as the policy names them. */
  owner: z.string().max(200).optional(),
  service: z.string().max(100).optional(),
  branch: z.string().max(250).optional(),
  diff: ArtifactRef.optional(),
  /** Commands to go on by hand; built by our code from validated values, never from outside text. */
  commands: z.array(z.string().max(500)).max(20),
  webUiUrl: z.string().max(500).optional(),
});
export type HandOver = z.infer<typeof HandOver>;
