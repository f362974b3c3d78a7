import type { Readable } from 'node:stream';
import type { SandboxLimits } from '../contract.ts';

/** Where jobs run, and how files get there and back. */
export interface TrueFoundryOptions {
  /** Address of the control plane. */
  readonly url: string;
  readonly token: string;
  /** `cluster:workspace`. */
  readonly workspace: string;
  /** Name of the job application that is kept there. */
  readonly application: string;
  /** Image of jobs by digest; it needs Node, a shell, GNU tar, coreutils and util-linux. */
  readonly image: string;
  /** Address of this Suture as jobs reach it. */
  readonly exchange: string;
  /** Whether the workspace lets jobs reach nothing but that address. */
  readonly egressRestricted: boolean;
  /** What the application is made for: the platform sets memory by application, not by run. */
  readonly limits: SandboxLimits;
  /** Pause between two looks at a run, in milliseconds. */
  readonly pollMs?: number | undefined;
  /** How long an application may take to deploy, or a run to begin, in milliseconds. */
  readonly startMs?: number | undefined;
}

/** What holds files for a while, as the store has it. */
export interface JobExchange {
  offer(id: string, input: () => Promise<Readable>, expires: number): Promise<string>;
  collect(id: string): Promise<Readable | null>;
  remove(id: string): Promise<void>;
  sweep(): Promise<number>;
}
