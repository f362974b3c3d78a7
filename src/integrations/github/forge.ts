import type { Forge } from '../contract.ts';
import type { GitHubApi } from './api.ts';
import { createChanges } from './changes.ts';
import { createChecks } from './checks.ts';
import { createClaims } from './claims.ts';
import { Commits } from './commits.ts';
import { createDeliveries } from './deliveries.ts';
import { createDeployments } from './deployments.ts';
import { ourHooks } from './hooks.ts';
import { createPeople } from './people.ts';
import { createRepositories } from './repositories.ts';
import { Rules } from './rules.ts';
import { Trees } from './tree.ts';

/** GitHub as a forge. Keeps in memory only what never changes there, and rules for a minute. */
export function createGitHubForge(
  github: GitHubApi,
  options: {
    readonly stateDir: string;
    readonly repositories: readonly string[];
    readonly webhookUrl: string | undefined;
    readonly now: () => number;
  },
): Forge {
  const { now, repositories } = options;
  const trees = new Trees();
  const commits = new Commits();
  const rules = new Rules(now);
  const checks = createChecks(github, rules);
  return {
    repositories: createRepositories(github, trees, commits, repositories),
    checks,
    changes: createChanges(github, { trees, commits, rules, checks: checks.list }),
    deployments: createDeployments(github),
    claims: createClaims(github, options.stateDir),
    people: createPeople(github),
    pace: github.pace,
    deliveries: createDeliveries(github, { hooks: () => ourHooks(github, repositories, options.webhookUrl), now }),
  };
}
