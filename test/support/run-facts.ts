import type { RunFacts } from '../../src/domain/proof.schema.ts';

/** The facts of a run that ended by itself, green unless told otherwise; its log is one that nobody reads. */
export const runFacts = (over: Partial<RunFacts> = {}): RunFacts => ({
  name: 'checks',
  exitCode: 0,
  signal: null,
  timedOut: false,
  killedBy: null,
  oomKilled: false,
  outputTruncated: false,
  setupFailed: false,
  durationMs: 1,
  log: { sha256: 'a'.repeat(64), size: 1, mediaType: 'text/plain' },
  excerpt: '',
  isolation: 'none',
  ...over,
});
