import type { Incident } from '../incident.schema.ts';
import type { ProbeResult } from '../plan.schema.ts';

/** What the search for a green revision needs next, or what it found. */
export type GreenSearch =
  | { readonly kind: 'probe'; readonly sha: string }
  | { readonly kind: 'found'; readonly sha: string }
  | { readonly kind: 'none' };

/** Where nobody knows when the command was green: go back along first parents in doubling steps until it is. */
export function searchGreen(incident: Pick<Incident, 'commits' | 'headSha'>, probes: readonly ProbeResult[]): GreenSearch {
  const bySha = new Map(incident.commits.map((commit) => [commit.sha, commit]));
  const line: string[] = [];
  for (let sha = bySha.get(incident.headSha)?.parents[0]; sha !== undefined && line.length < 64; sha = bySha.get(sha)?.parents[0])
    line.push(sha);
  const colour = (sha: string) => probes.find((probe) => probe.sha === sha && probe.colour !== 'unclear')?.colour;
  const green = line.find((sha) => colour(sha) === 'green');
  if (green !== undefined) return { kind: 'found', sha: green };
  for (let step = 1; line.length > 0; step *= 2) {
    const sha = line[Math.min(step, line.length) - 1];
    if (sha !== undefined && !probes.some((probe) => probe.sha === sha)) return { kind: 'probe', sha };
    if (step >= line.length) break;
  }
  return { kind: 'none' };
}
