import type { GateFinding } from '../../proof.schema.ts';

/** At most so many findings, the first of each kind before the second of any: no flood of one hides another. */
export function capped(findings: readonly GateFinding[], limit: number): GateFinding[] {
  const seen = new Set<string>();
  const first: GateFinding[] = [];
  const rest: GateFinding[] = [];
  for (const finding of findings) {
    (seen.has(finding.code) ? rest : first).push(finding);
    seen.add(finding.code);
  }
  return [...first, ...rest].slice(0, limit);
}
