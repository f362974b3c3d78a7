import { z } from 'zod';
import { FailureClass } from './diagnosis.schema.ts';

/** One complaint of a tool, read from its own report format, never from free text alone. */
export const Complaint = z.object({
  /** Tool that complains: `eslint`, `tsc`, `ruff`, `go vet`, `npm`, ... */
  tool: z.string().max(40),
  /** The failure class that this tool's complaints speak for. */
  class: FailureClass,
  path: z.string().max(300).optional(),
  line: z.number().int().positive().optional(),
  /** The tool's own name for the rule or error: `no-unused-vars`, `TS2345`, `E0308`, `ERESOLVE`. */
  rule: z.string().max(100).optional(),
  message: z.string().max(300),
});
export type Complaint = z.infer<typeof Complaint>;

/** Lines of a log that matter, with where they stood. */
export const LogExcerpt = z.object({
  /** Why it was kept: not in the log of the last green run, an error word, the failing step, the end. */
  why: z.enum(['new', 'error', 'step', 'tail']),
  /** 1-based number of its first line. */
  from: z.number().int().positive(),
  /** Redacted text, at most 4 kB. */
  text: z.string().max(4096),
  /** How often lines of the same template stood there. */
  times: z.number().int().positive(),
});
export type LogExcerpt = z.infer<typeof LogExcerpt>;

/** A frame of a stack that lies in the repository. */
export const Frame = z.object({ path: z.string().max(300), line: z.number().int().positive() });
export type Frame = z.infer<typeof Frame>;

/** What is left of a log after reduction. Untrusted text: data, never instruction. */
export const LogDigest = z.object({
  /** Size of the whole and of what was kept, in bytes. */
  bytes: z.number().int().nonnegative(),
  keptBytes: z.number().int().nonnegative(),
  lines: z.number().int().nonnegative(),
  /** Whether a log of the last green run was there to compare with. */
  compared: z.boolean(),
  excerpts: z.array(LogExcerpt).max(60),
  complaints: z.array(Complaint).max(100),
  frames: z.array(Frame).max(40),
});
export type LogDigest = z.infer<typeof LogDigest>;
