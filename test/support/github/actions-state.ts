import type { Json } from './wire.ts';

/** A step of a job as a test tells it. */
export interface StepSpec {
  readonly name: string;
  readonly conclusion?: string;
}

/** A job of a workflow run as a test tells it. */
export interface JobSpec {
  readonly name: string;
  /** Absent: still going. */
  readonly conclusion?: string;
  readonly steps?: readonly StepSpec[];
  /** Without times; GitHub puts one before each line. */
  readonly log?: string;
  readonly annotations?: readonly Json[];
}

/** A job of one attempt; its number is that of its check run. */
export interface Job {
  readonly id: number;
  readonly attempt: number;
  readonly name: string;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  steps: readonly StepSpec[];
  log: string;
  readonly startedAt: string;
  completedAt: string | null;
}

/** A run of a workflow. */
export interface Run {
  readonly id: number;
  readonly repo: string;
  readonly workflow: Workflow;
  readonly number: number;
  readonly event: string;
  readonly branch: string;
  readonly sha: string;
  readonly headRepo: string;
  readonly suite: number;
  readonly actor: string;
  readonly title: string;
  readonly createdAt: string;
  readonly inputs: Json;
  attempt: number;
  status: 'queued' | 'in_progress' | 'completed';
  conclusion: string | null;
  updatedAt: string;
  logsExpired: boolean;
  /** `archive`: the logs of single jobs are gone; `zipped`: they lead to an archive. */
  logForm: 'text' | 'archive' | 'zipped';
  jobs: Job[];
}

/** A workflow file that GitHub knows. */
export interface Workflow {
  readonly id: number;
  readonly repo: string;
  readonly name: string;
  readonly path: string;
}

/** GitHub Actions' memory. */
export interface Actions {
  readonly workflows: Workflow[];
  readonly runs: Run[];
  /** Suites of Apps by `owner/name@sha@app`. */
  readonly suites: Map<string, number>;
}
