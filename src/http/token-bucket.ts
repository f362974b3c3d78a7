/** A token bucket: `perSecond` on average, bursts up to `burst`; `now` is in milliseconds. */
export function createTokenBucket(options: {
  readonly perSecond: number;
  readonly burst: number;
  readonly now: () => number;
}): () => boolean {
  let tokens = options.burst;
  let last = options.now();
  return () => {
    const now = options.now();
    // A clock that was set back must not take away what is there.
    const elapsed = Math.max(0, now - last);
    tokens = Math.min(options.burst, tokens + (elapsed / 1000) * options.perSecond);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
