/** Counts of limits that were run into, since the start of the job. */
export interface GuardCounts {
  readonly oomKills: number;
  readonly processRefusals: number;
}

/** Watches over memory and processes of one job; three kinds exist, see `createGuards`. */
export interface ResourceGuard {
  /** Takes in the direct child before it has started anything. */
  adopt(pid: number): void;
  counts(): GuardCounts;
  peakMemoryBytes(): number | null;
  /** Waits until no process is left and removes what was made. */
  end(): Promise<void>;
}

/** What a guard calls when it has to end the job itself. */
export interface GuardAlarm {
  onMemory(): void;
}
