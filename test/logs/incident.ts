import type { CommitFacts, Incident } from '../../src/domain/incident.schema.ts';
import type { LogDigest } from '../../src/domain/log-digest.schema.ts';
import type { Facts } from '../../src/domain/policy/diagnose/vote.ts';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';

const sha = (digit: string) => digit.repeat(40);

/** A commit that touches these paths. */
export function commit(paths: readonly string[], digit = 'c'): CommitFacts {
  return {
    sha: sha(digit),
    parents: [sha('b')],
    author: 'ann',
    at: '2026-05-01T10:00:00Z',
    subject: 'Change',
    paths: [...paths],
    pathsTruncated: false,
  };
}

/** Facts about a failing check; without commits nothing is known of what changed. */
export function factsOf(
  given: {
    readonly commits?: readonly CommitFacts[];
    readonly digest?: LogDigest | null;
    readonly run?: string;
    readonly check?: string;
    readonly policy?: Partial<RepositoryPolicy>;
  } & Partial<Pick<Facts, 'reproduction' | 'baseRed'>>,
): Facts {
  const failing: Incident['failing'] = { name: given.check ?? 'ci', run: given.run ?? 'make ci', report: 'exit-code', timeoutSeconds: 60 };
  return {
    incident: {
      repo: { forge: 'github', owner: 'acme', name: 'app' } as unknown as Incident['repo'],
      subject: 'main' as unknown as Incident['subject'],
      signature: 's',
      title: 'ci fails',
      targetBranch: 'main',
      headSha: sha('a'),
      ...(given.commits === undefined ? {} : { lastGreenSha: sha('b') }),
      commits: [...(given.commits ?? [])],
      commitsTruncated: false,
      failing,
      failingTests: [],
      wider: [failing],
      trust: 'maintainer',
      evidence: [],
    },
    policy: { ...RepositoryPolicy.parse({ version: 1 }), ...given.policy },
    digest: given.digest ?? null,
    reproduction: given.reproduction ?? null,
    baseRed: given.baseRed ?? null,
  };
}
