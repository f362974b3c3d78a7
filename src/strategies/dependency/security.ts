import type { StrategyContext } from '../contract.ts';
import type { Moved } from './contract.ts';
import { isOlder } from './versions.ts';

const SECURITY = /\bsecurity\b|CVE-\d|GHSA-|\bvulnerab/i;

/** Packages that must not go back: below a floor of the policy, held on purpose, or moved by a commit that speaks of security. Null when such a commit does not say which. */
export function guarded(
  context: Pick<StrategyContext, 'incident' | 'policy'>,
  moved: readonly Moved[],
  files: readonly string[],
): ReadonlySet<string> | null {
  const subjects = context.incident.commits
    .filter(({ paths, subject }) => SECURITY.test(subject) && paths.some((path) => files.includes(path)))
    .map(({ subject }) => ` ${subject.toLowerCase().replace(/[^a-z0-9@/._-]+/g, ' ')} `);
  const namedIn = (subject: string) => moved.filter(({ name }) => subject.includes(` ${name.toLowerCase()} `)).map(({ name }) => name);
  if (subjects.some((subject) => namedIn(subject).length === 0)) return null;
  const floors = (name: string) => context.policy.security.filter((floor) => floor.package === name);
  return new Set([
    ...subjects.flatMap(namedIn),
    ...moved.filter(({ name, from, held }) => held || floors(name).some(({ atLeast }) => isOlder(from, atLeast))).map(({ name }) => name),
  ]);
}
