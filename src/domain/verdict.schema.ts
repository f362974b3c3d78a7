import { z } from 'zod';

/** How far a healing may go by itself, weakest first. */
export const Autonomy = z.enum(['observe', 'diagnose', 'propose', 'push', 'merge', 'deploy']);
export type Autonomy = z.infer<typeof Autonomy>;

/** A recorded policy decision, with every reason that led to it. */
export const Verdict = z.object({
  /** `allow` goes on, `ask` needs a person's approval first, `refuse` ends the attempt. */
  decision: z.enum(['allow', 'ask', 'refuse']),
  /** How far this change may go after the decision. */
  autonomy: Autonomy,
  reasons: z.array(z.object({ code: z.string().max(60), detail: z.string().max(300) })).max(20),
});
export type Verdict = z.infer<typeof Verdict>;
