/** The value at a share (0 to 1) of the samples, by nearest rank. Throws without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new Error('no samples');
  return value;
}

/** Median and 99th percentile with the number of samples: what every timing reports. */
export function summary(samples: readonly number[]): { readonly p50: number; readonly p99: number; readonly runs: number } {
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), runs: samples.length };
}

/** Milliseconds with their unit; two digits below 100. */
export function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 2 : 0)} ms`;
}

/** Time one call, in milliseconds. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}
