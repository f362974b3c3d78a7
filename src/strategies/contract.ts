import type { Diagnosis } from '../domain/diagnosis.schema.ts';
import type { Incident } from '../domain/incident.schema.ts';
import type { LogDigest } from '../domain/log-digest.schema.ts';
import type { ModelAnswer, ModelQuestion } from '../domain/model-exchange.schema.ts';
import type { Plan, Probe, ProbeResult, StrategyRefusal, Trial, TrialResult } from '../domain/plan.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Reproduction } from '../domain/reproduction.schema.ts';

/** One file at a revision, as a strategy asks for it. */
export interface FileWanted {
  readonly sha: string;
  readonly path: string;
}

/** One file that was asked for. */
export interface FileRead extends FileWanted {
  /** Its text; null where there is none, or it is binary or larger than 256 kB (2 MB for lock files), and `why` says so. */
  readonly text: string | null;
  readonly mode?: string;
  readonly why?: string;
}

/** All that a strategy may know: data only, all of it JSON. */
export interface StrategyContext {
  readonly incident: Incident;
  readonly diagnosis: Diagnosis;
  readonly policy: RepositoryPolicy;
  /** What the failing command's log comes to; null where nobody has seen one. */
  readonly digest: LogDigest | null;
  /** What running the failing command came to; null where it was not run: outsiders are only analysed. */
  readonly reproduction: Reproduction | null;
  /** Answers to the probes asked for within this attempt, oldest first. */
  readonly probes: readonly ProbeResult[];
  /** Answers to the trials asked for within this attempt, oldest first. */
  readonly trials: readonly TrialResult[];
  /** Answers to the questions put to a model within this attempt, oldest first. */
  readonly answers: readonly ModelAnswer[];
  /** Files that were asked for, within this turn. */
  readonly files: readonly FileRead[];
  /** Earlier plans on this signature: what was tried and how it ended. */
  readonly tried: ReadonlyArray<{
    readonly strategy: string;
    readonly planTitle: string;
    readonly result: string;
    readonly fingerprint: string;
  }>;
  /** Presence of paths changed since green, at the last green revision and at the head. */
  readonly paths: Readonly<Record<string, { readonly atGreen: boolean; readonly atHead: boolean }>>;
  /** Head of the default branch, where a repository says how it wants to be worked on; null where nobody can tell. */
  readonly defaultHead: string | null;
  /** Whether a model may be asked. */
  readonly model: boolean;
  /** Production actions that may be named for the incident's service, with the choices of each parameter. */
  readonly actions: ReadonlyArray<{
    readonly name: string;
    readonly title: string;
    readonly choices: Readonly<Record<string, readonly string[]>>;
  }>;
  /** Reverts that we proposed in this repository; absent: none are known. */
  readonly reverts?: {
    /** How many today, UTC. */
    readonly today: number;
    /** Commits of this incident that another healing proposed to undo: once is enough, whatever became of it. */
    readonly before: readonly string[];
  };
  /** Now, ISO 8601 UTC; strategies have no clock. */
  readonly now: string;
}

/** What a strategy answers. */
export type StrategyAnswer =
  | { readonly kind: 'plan'; readonly plan: Plan }
  /** Is the failing command red at a revision? */
  | { readonly kind: 'probe'; readonly probe: Probe }
  /** Is it red with a change? */
  | { readonly kind: 'trial'; readonly trial: Trial }
  /** What stands in these files? At most 50. Answered at once, within the same turn. */
  | { readonly kind: 'read'; readonly files: readonly FileWanted[] }
  /** What does a model say? */
  | { readonly kind: 'ask'; readonly question: ModelQuestion }
  | { readonly kind: 'refused'; readonly refusal: StrategyRefusal };

/** What a rank answers: higher is tried first; null with a reason when the strategy does not apply. */
export type Rank = { readonly score: number; readonly why: string } | { readonly score: null; readonly refusal: StrategyRefusal };

/** A named way to repair. It plans; it never runs, fetches or writes. */
export interface Strategy {
  readonly id: string;
  readonly name: string;
  /** One sentence for the README's table. */
  readonly heals: string;
  /** What planning costs, cheapest first: nothing, runs of the sandbox, calls of a model. Breaks ties of rank. */
  readonly costs: 'nothing' | 'runs' | 'model';
  /** How high it ranks when; for the table of docs/strategies.md. */
  readonly ranks: ReadonlyArray<{ readonly score: number; readonly when: string }>;
  /** Every code that it refuses with, and what that means. */
  readonly refuses: Readonly<Record<string, string>>;
  /** Rank from evidence. Files may not have been read yet. */
  rank(context: StrategyContext): Rank;
  /** The plan, or what it needs to know next, or why it cannot. */
  plan(context: StrategyContext): StrategyAnswer;
}
