import type { Diagnosis } from '../../diagnosis.schema.ts';
import type { Incident } from '../../incident.schema.ts';
import type { LogDigest } from '../../log-digest.schema.ts';
import type { RepositoryPolicy } from '../../repository-policy.schema.ts';
import type { Reproduction } from '../../reproduction.schema.ts';

/** What is known when a class is looked for. The same as a reasoner is given. */
export interface Facts {
  readonly incident: Incident;
  readonly policy: RepositoryPolicy;
  readonly digest: LogDigest | null;
  readonly reproduction: Reproduction | null;
  readonly baseRed: boolean | null;
}

/** One piece of evidence for one class, with its weight. */
export interface Vote {
  readonly class: Diagnosis['class'];
  readonly weight: number;
  /** What was seen: it becomes evidence. */
  readonly seen: string;
  /** What that means, said as a cause. */
  readonly cause: string;
  readonly culprit?: string | undefined;
}

/** The one commit since green that touched the path; undefined where several did, or more commits than are known. */
export function onlyCommitOn(
  { commits, commitsTruncated }: Pick<Incident, 'commits' | 'commitsTruncated'>,
  path: string,
): string | undefined {
  const touching = commits.filter((commit) => commit.paths.includes(path));
  return touching.length === 1 && !commitsTruncated ? touching[0]?.sha : undefined;
}

/** The only commit since green, where there is but one. */
export function onlyCommit({ commits, commitsTruncated }: Pick<Incident, 'commits' | 'commitsTruncated'>): string | undefined {
  return commits.length === 1 && !commitsTruncated ? commits[0]?.sha : undefined;
}
