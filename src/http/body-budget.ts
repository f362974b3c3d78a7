/** Memory that all bodies under way may take together. */
export interface BodyBudget {
  /** Take so many bytes; false when they are not there, and then nothing is taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** A budget of `total` bytes: without one, a few thousand slow senders of large bodies would fill the memory before any of them has shown its secret. */
export function createBodyBudget(total: number): BodyBudget {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > total) return false;
      used += bytes;
      return true;
    },
    give(bytes) {
      used = Math.max(0, used - bytes);
    },
  };
}
