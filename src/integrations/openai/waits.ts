/** Milliseconds of a duration as OpenAI writes it: `12ms`, `1m30s`, `2h0m1.5s`; null for anything else. */
export function parseDuration(text: string | null): number | null {
  const match = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text ?? '');
  if (match === null || match[0] === '') return null;
  const [hours, minutes, seconds, ms] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.ceil((((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000 + (ms ?? 0));
}

/** How long the server wants to be left alone, in milliseconds; undefined when it does not say. */
export function wantedWait(headers: Pick<Headers, 'get'>, now: number): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return Math.ceil(ms);
  const after = headers.get('retry-after');
  if (after !== null) {
    const until = /^\d+(?:\.\d+)?$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
    if (Number.isFinite(until)) return Math.max(0, Math.ceil(until));
  }
  // Without a word of its own the limit that is used up says when it is whole again; of two, the later.
  const limits = ['requests', 'tokens'].map((name) => ({
    empty: headers.get(`x-ratelimit-remaining-${name}`) === '0',
    reset: parseDuration(headers.get(`x-ratelimit-reset-${name}`)),
  }));
  const used = limits.filter(({ empty }) => empty);
  const waits = (used.length > 0 ? used : limits).flatMap(({ reset }) => (reset === null ? [] : [reset]));
  return waits.length === 0 ? undefined : Math.max(...waits);
}
