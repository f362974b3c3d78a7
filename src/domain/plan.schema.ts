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
  /** Write one text file; a strategy that has the new content at hand carries it in the plan, which is an artifact itself. */
  z.object({ kind: z.literal('write-text'), path: RepoPath, text: z.string().max(1_000_000), mode: z.enum(['100644', '100755']) }),
  z.object({ kind: z.literal('delete-file'), path: RepoPath }),
  /** Run the repository's own tool in the sandbox and keep only the changes to these paths (empty: any path). */
  z.object({
    kind: z.literal('run-tool'),
    run: z.string().min(1).max(2000),
    only: z.array(RepoPath).max(100),
    /** It resolves dependencies: package managers go online to the registries that the server allows, and scripts of packages stay off. */
    resolves: z.boolean().optional(),
  }),
]);
export type PlanStep = z.infer<typeof PlanStep>;

/** Something that a plan proposes beside its change: said to people, recorded, and done only by whoever may do it. */
export const Proposal = z.discriminatedUnion('kind', [
  /** Keep a flaky test from blocking others until somebody mends it. */
  z.object({
    kind: z.literal('quarantine'),
    test: z.string().max(300),
    owner: z.string().max(200),
    /** ISO 8601 UTC. */
    until: z.string().max(40),
    why: z.string().max(300),
  }),
  /** A named production action of the server's configuration, done after the change is live; free text can never be one. */
  z.object({
    kind: z.literal('production-action'),
    name: z.string().max(100),
    choices: z.record(z.string().max(50), z.string().max(200)),
    why: z.string().max(300),
  }),
  /** A repair that must not stay: a pin, say. */
  z.object({ kind: z.literal('expires'), what: z.string().max(300), until: z.string().max(40), why: z.string().max(300) }),
]);
export type Proposal = z.infer<typeof Proposal>;

/** How a strategy proposes to repair: the *fix proposal* of the wire (`proposed_fix[]`, `tests[]`). Without steps it only proposes. */
export const Plan = z
  .object({
    strategy: z.string().max(50),
    title: z.string().max(200),
    /** For people: why this plan, from which evidence. */
    rationale: z.string().max(1000),
    steps: z.array(PlanStep).max(20),
    proposals: z.array(Proposal).max(20).optional(),
    risk: z.enum(['low', 'medium', 'high']),
    /** A person decides whatever the autonomy: what this strategy makes green proves little. */
    always: z.literal('ask').optional(),
  })
  .refine(({ steps, proposals }) => steps.length > 0 || (proposals?.length ?? 0) > 0, 'a plan has at least one step or proposal');
export type Plan = z.infer<typeof Plan>;

/** A question that a strategy needs answered by the sandbox before it can plan: is the failing command red at this revision? */
export const Probe = z.object({ strategy: z.string().max(50), sha: CommitSha, round: z.number().int().nonnegative() });
export type Probe = z.infer<typeof Probe>;

/** The answer to a probe. `unclear` covers time-outs, infrastructure and set-up failures. */
export const ProbeResult = z.object({ sha: CommitSha, round: z.number().int().nonnegative(), colour: z.enum(['red', 'green', 'unclear']) });
export type ProbeResult = z.infer<typeof ProbeResult>;

/** A change that a strategy wants tried before it plans: is the failing command red with these steps on top of the broken head? */
export const Trial = z.object({ strategy: z.string().max(50), title: z.string().max(200), steps: z.array(PlanStep).min(1).max(20) });
export type Trial = z.infer<typeof Trial>;

/** The answer to a trial, found again by the fingerprint of its steps. */
export const TrialResult = z.object({
  fingerprint: z.string().max(64),
  colour: z.enum(['red', 'green', 'unclear']),
  /** One line: how it ended. */
  detail: z.string().max(300),
});
export type TrialResult = z.infer<typeof TrialResult>;

/** Why a strategy was not used, countable by `code`. */
export const StrategyRefusal = z.object({ strategy: z.string().max(50), code: z.string().max(60), detail: z.string().max(300) });
export type StrategyRefusal = z.infer<typeof StrategyRefusal>;
