import { z } from 'zod';
import { ArtifactRef, CommitSha, RepoPath } from './names.schema.ts';

/** One step of a repair, as data; the sandbox carries it out, a strategy never does. */
export const PlanStep = z.discriminatedUnion('kind', [
  /** Take one file back to its content at a revision (deleted there means deleted now). */
  z.object({ kind: z.literal('restore-file'), path: RepoPath, from: CommitSha }),
  /** Undo one commit; `mainline` (1-based parent number) is required for a merge. */
  z.object({ kind: z.literal('revert-commit'), sha: CommitSha, mainline: z.number().int().positive().optional() }),
  /** Write one file; the content is an artifact. */
  z.object({ kind: z.literal('write-file'), path: RepoPath, content: ArtifactRef, mode: z.enum(['100644', '100755']) }),
  /** Run the repository's own tool in the sandbox and keep only the changes to these paths (empty: any path). */
  z.object({ kind: z.literal('run-tool'), run: z.string().min(1).max(2000), only: z.array(RepoPath).max(100) }),
]);
export type PlanStep = z.infer<typeof PlanStep>;

/** How a strategy proposes to repair: the *fix proposal* of the wire (`proposed_fix[]`, `tests[]`). */
export const Plan = z.object({
  strategy: z.string().max(50),
  title: z.string().max(200),
  /** For people: why this plan, from which evidence. */
  rationale: z.string().max(1000),
  steps: z.array(PlanStep).min(1).max(20),
  risk: z.enum(['low', 'medium', 'high']),
});
export type Plan = z.infer<typeof Plan>;

/** A question that a strategy needs answered by the sandbox before it can plan: is the failing command red at this revision? */
export const Probe = z.object({ strategy: z.string().max(50), sha: CommitSha, round: z.number().int().nonnegative() });
export type Probe = z.infer<typeof Probe>;

/** The answer to a probe. `unclear` covers time-outs, infrastructure and set-up failures. */
export const ProbeResult = z.object({ sha: CommitSha, round: z.number().int().nonnegative(), colour: z.enum(['red', 'green', 'unclear']) });
export type ProbeResult = z.infer<typeof ProbeResult>;

/** Why a strategy was not used, countable by `code`. */
export const StrategyRefusal = z.object({ strategy: z.string().max(50), code: z.string().max(60), detail: z.string().max(300) });
export type StrategyRefusal = z.infer<typeof StrategyRefusal>;
