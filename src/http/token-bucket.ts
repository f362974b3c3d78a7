/** A token bucket: `perSecond` on average, bursts up to `burst`. */
export function createTokenBucket(options: {
  readonly perSecond: number;
  readonly burst: number;
  readonly now: () => number;
}): () => boolean {
  let tokens = options.burst;
  let last = options.now();
  return () => {
    const now = options.now();
    tokens = Math.min(options.burst, tokens + ((now - last) / 1000) * options.perSecond);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
