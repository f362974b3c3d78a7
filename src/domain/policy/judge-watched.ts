import { newlyDegraded, type Reading } from './judge-health.ts';

/** Bad readings in a row that mean that the problem is back. */
const BAD_READINGS = 2;

/** What the readings at a later horizon say; `again`: look once more. `before` is what production was like when it was verified. */
export function judgeWatched({ before, after }: { readonly before: Reading | null; readonly after: readonly Reading[] }): {
  readonly verdict: 'again' | 'better' | 'unchanged' | 'worse' | 'inconclusive';
  readonly detail: string;
} {
  const last = after.at(-1);
  if (last === undefined) return { verdict: 'inconclusive', detail: 'production could not be measured' };
  const trend = last.trend === undefined ? '' : `: ${last.trend}`;
  const bad = (reading: Reading): boolean => reading.ok === false || newlyDegraded(before, reading).length > 0;
  if (bad(last)) {
    const risen = newlyDegraded(before, last);
    const detail = [
      ...(last.ok === false ? [last.why ?? 'beyond its limits'] : []),
      ...(risen.length === 0 ? [] : [`${risen.join(', ')} not as usual${trend}`]),
    ].join('; ');
    return { verdict: after.length >= BAD_READINGS && after.slice(-BAD_READINGS).every(bad) ? 'worse' : 'again', detail };
  }
  if (last.degraded !== undefined && last.degraded.length > 0)
    return { verdict: 'unchanged', detail: `${last.degraded.join(', ')} not as usual, as it was when the fix was verified${trend}` };
  if (last.ok === null) return { verdict: 'inconclusive', detail: `nothing that has a limit was measured${trend}` };
  return { verdict: 'better', detail: `within its limits${trend}` };
}
