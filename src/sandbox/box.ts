import type { Writable } from 'node:stream';

/** What limits say that they did. */
export interface LimitCounts {
  readonly oomKills: number;
  readonly processRefusals: number;
  readonly diskFull: boolean;
}

/** A shell program of ours in a box; what varies comes as arguments and environment, never as program text. */
export interface BoxProgram {
  readonly text: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether it reads standard input. */
  readonly stdin: boolean;
  /** Whether the limits of the job are for it: they are not for what fills and reads the box. */
  readonly limited: boolean;
}

/** A program that runs in a box. */
export interface Execution {
  /** Standard input; ends when the caller ends it. */
  readonly input: Writable;
  /** Settles when its output has ended: a process that it left behind may hold it open for long. */
  readonly drained: Promise<void>;
  /** The exit code, or null when the box was ended first. The engine says it, nothing inside can. */
  exited(): Promise<number | null>;
  /** Reads no further. */
  close(): void;
}

/** Something that holds a job and is driven from outside, such as a container. */
export interface Box {
  readonly isolation: string;
  execute(program: BoxProgram, take: (from: 'out' | 'error', bytes: Buffer) => void | Promise<void>): Promise<Execution>;
  /** What its limits did so far; makes itself room to look. */
  look(): Promise<LimitCounts>;
  /** Whether its processes are as many as may be, without starting one in it. */
  crowded(): Promise<boolean>;
  /** Lets our own programs start in a box that used up its processes. */
  makeRoom(): Promise<void>;
  isRunning(): Promise<boolean>;
  /** Ends everything in it. */
  kill(): Promise<void>;
}
