import { Failure } from '../domain/failure.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import { effectivePolicy } from '../domain/policy/effective-policy.ts';
import { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { HealingSettings } from '../domain/settings.ts';
import type { ActivityDeps } from './deps.ts';

/** Where a served repository keeps its rules. */
const POLICY_PATH = '.github/suture.yml';

/** Largest policy file in bytes. */
const MAX_POLICY = 262_144;

/** The rules for a repository, or why there are none to go by. */
export type PolicyRead =
  | { readonly kind: 'policy'; readonly policy: RepositoryPolicy; readonly defaultBranch: string; readonly defaultHead: string }
  | { readonly kind: 'invalid'; readonly reason: 'policy-invalid' | 'repository-gone'; readonly detail: string };

/** Reads the policy file from the default branch, never from the branch that is judged by it, and clamps it by the server's settings. No file means defaults. */
export async function readPolicy(
  deps: Pick<ActivityDeps, 'forge' | 'parsePolicy' | 'redact'>,
  repo: RepoRef,
  settings: HealingSettings,
): Promise<PolicyRead> {
  const { repositories } = deps.forge;
  try {
    const { defaultBranch } = await repositories.describe(repo);
    const defaultHead = await repositories.resolve(repo, defaultBranch);
    if (defaultHead === null) {
      return { kind: 'invalid', reason: 'repository-gone', detail: `the default branch ${defaultBranch} has no commit` };
    }
    const file = await repositories.readFile(repo, defaultHead, POLICY_PATH, MAX_POLICY);
    const policy = file === null ? RepositoryPolicy.parse({ version: 1 }) : deps.parsePolicy(new TextDecoder().decode(file));
    return { kind: 'policy', policy: effectivePolicy(policy, settings), defaultBranch, defaultHead };
  } catch (error) {
    if (error instanceof Failure && (error.code === 'policy-invalid' || error.code === 'repository-gone')) {
      return { kind: 'invalid', reason: error.code, detail: deps.redact(error.message) };
    }
    if (error instanceof Failure && error.code === 'too-large') {
      return { kind: 'invalid', reason: 'policy-invalid', detail: `${POLICY_PATH} is larger than ${MAX_POLICY} bytes` };
    }
    throw error;
  }
}
