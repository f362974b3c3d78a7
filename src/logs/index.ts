import type { LogDigest } from '../domain/log-digest.schema.ts';

/** A log and what it can be compared with. All of it redacted and without control characters. */
export interface LogInput {
  readonly text: string;
  /** Log of the last green run of the same check, where there is one. */
  readonly green?: string;
  /** Paths of the repository that matter: changed since green. Frames in them come first. */
  readonly paths: readonly string[];
}

const ERROR = /error|fail|exception|panic|fatal|traceback/i;

/** What is left of a log after reduction. */
export function digestLog({ text }: LogInput): LogDigest {
  const lines = text.split('\n');
  const excerpts = lines
    .map((line, at) => ({ why: 'error' as const, from: at + 1, text: line.slice(0, 400), times: 1 }))
    .filter(({ text: line }) => ERROR.test(line))
    .slice(0, 40);
  const keptBytes = excerpts.reduce((sum, each) => sum + each.text.length, 0);
  return { bytes: text.length, keptBytes, lines: lines.length, compared: false, excerpts, complaints: [], frames: [] };
}
