import type { RepositoryPolicy } from '../repository-policy.schema.ts';
import type { HealingSettings } from '../settings.ts';
import { Autonomy } from '../verdict.schema.ts';

const ORDER = Autonomy.options;

/** The weaker of two autonomies. */
export function lowerAutonomy(a: Autonomy, b: Autonomy): Autonomy {
  return ORDER.indexOf(a) <= ORDER.indexOf(b) ? a : b;
}

/** Whether an autonomy reaches at least as far as another. */
export function reaches(autonomy: Autonomy, wanted: Autonomy): boolean {
  return ORDER.indexOf(autonomy) >= ORDER.indexOf(wanted);
}

/** The repository's wish, clamped by the server: a policy file can only make a healing stricter. */
export function effectivePolicy(policy: RepositoryPolicy, settings: HealingSettings): RepositoryPolicy {
  return {
    ...policy,
    autonomy: lowerAutonomy(policy.autonomy, settings.autonomyCeiling),
    attempts: Math.min(policy.attempts, settings.caps.attempts),
  };
}
