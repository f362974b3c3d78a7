/** Sizes in bytes of every payload in a history, with the event that carries it. */
export function payloadSizes(history: unknown): ReadonlyArray<{ readonly event: string; readonly bytes: number }> {
  const found: Array<{ event: string; bytes: number }> = [];
  const walk = (value: unknown, event: string): void => {
    if (Array.isArray(value)) {
      for (const each of value) walk(each, event);
      return;
    }
    if (value === null || typeof value !== 'object') return;
    const { data, metadata, eventType, ...rest } = value as Record<string, unknown>;
    const here = typeof eventType === 'string' ? eventType : event;
    if (typeof data === 'string' && metadata !== undefined) found.push({ event: here, bytes: Buffer.from(data, 'base64').length });
    else walk(data, here);
    for (const each of Object.values(rest)) walk(each, here);
  };
  walk(history, '');
  return found;
}
