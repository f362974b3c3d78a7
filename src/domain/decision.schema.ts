import { z } from 'zod';
import { Actor } from './signal.schema.ts';

/** A person's decision on one change set; `via` says by which door it came. */
export const ApprovalDecision = z.object({
  /** Unique per click or command, so that a repeat is harmless. */
  id: z.string().min(1).max(200),
  verdict: z.enum(['approve', 'reject']),
  /** Hash of the change set that the person saw. */
  changeSetHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** The verified actor; taken from the authenticated door, never from a free field. */
  actor: Actor,
  via: z.enum(['cli', 'http', 'slack', 'comment']),
  comment: z.string().max(500).optional(),
});
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;
