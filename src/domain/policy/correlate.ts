import type { CorrelationRule } from '../correlation.schema.ts';
import type { SlotRequest } from '../messages.ts';

/** What correlation looks at of one problem. */
export type Correlated = Pick<SlotRequest, 'signature' | 'kind' | 'service' | 'shas' | 'since'>;

const MINUTE_MS = 60_000;

function between(a: Correlated, b: Correlated): CorrelationRule['between'] {
  if (a.kind !== b.kind) return 'alert-and-code';
  return a.kind === 'alert' ? 'alerts' : 'failures';
}

const WORDS: Readonly<Record<CorrelationRule['between'], string>> = {
  'alert-and-code': 'an alert and a code failure',
  alerts: 'two alerts',
  failures: 'two code failures',
};

/** What both name, or null. */
function common(a: Correlated, b: Correlated, by: CorrelationRule['by']): string | null {
  if (by === 'service') return a.service !== undefined && a.service === b.service ? `the service ${a.service}` : null;
  const sha = a.shas.find((each) => b.shas.includes(each));
  return sha === undefined ? null : `commit ${sha.slice(0, 10)}`;
}

function apart(minutes: number): string {
  if (minutes < 1) return 'within a minute';
  return minutes < 120 ? `${Math.round(minutes)} minutes apart` : `${Math.round(minutes / 60)} hours apart`;
}

/** Why two problems are one by these rules, or null. Symmetric: neither the order of arrival nor who asks matters. A moment that cannot be read is no reason to keep them apart. */
export function correlate(a: Correlated, b: Correlated, rules: readonly CorrelationRule[]): string | null {
  if (a.signature === b.signature) return 'same signature';
  const kinds = between(a, b);
  const distance = Math.abs(Date.parse(a.since) - Date.parse(b.since)) / MINUTE_MS;
  for (const rule of rules) {
    const shared = rule.between === kinds && !(distance > rule.withinMinutes) ? common(a, b, rule.by) : null;
    if (shared !== null) return `${WORDS[kinds]} of ${shared}, ${apart(Number.isNaN(distance) ? 0 : distance)}`;
  }
  return null;
}
