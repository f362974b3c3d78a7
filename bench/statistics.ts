/** The value at a share (0 to 1) of sorted samples, by nearest rank. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no samples');
  return value;
}

/** Milliseconds with two digits, right-aligned for a table. */
export function ms(value: number): string {
  return `${value.toFixed(2)} ms`.padStart(12);
}

/** Time one call, in milliseconds. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}
