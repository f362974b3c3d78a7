import { unless } from './answer.ts';
import type { Api } from './api.ts';
import { Lru } from './lru.ts';

/** What a branch asks before something lands on it. */
export interface BranchRules {
  /** Names of checks that must be green. */
  readonly required: readonly string[];
  /** Changes go through pull requests only. */
  readonly pullRequestOnly: boolean;
  /** Merges go through GitHub's queue. */
  readonly mergeQueue: boolean;
  /** There is such a branch. */
  readonly exists: boolean;
}

/** Rules change rarely; asked again after this long. */
const AGE_MS = 60_000;

/** Rules of branches from both places where GitHub keeps them: rulesets and branch protection. Needs no administration right. */
export class Rules {
  readonly #held = new Lru<{ readonly rules: BranchRules; readonly at: number }>(500);
  readonly #now: () => number;
  constructor(now: () => number) {
    this.#now = now;
  }

  async of(api: Api, branch: string): Promise<BranchRules> {
    const slot = Math.floor(this.#now() / AGE_MS);
    const held = await this.#held.get(`${api.repo.owner}/${api.repo.name}@${branch}@${slot}`, async () => ({
      rules: await read(api, branch),
      at: slot,
    }));
    return held.rules;
  }
}

async function read(api: Api, branch: string): Promise<BranchRules> {
  const rulesets = await unless([404], null, api.call('GET /repos/{owner}/{repo}/rules/branches/{branch}', { branch, per_page: 100 }));
  const protection = await unless([404], null, api.call('GET /repos/{owner}/{repo}/branches/{branch}', { branch }));
  const required = new Set<string>();
  let pullRequestOnly = false;
  let mergeQueue = false;
  for (const rule of rulesets?.data ?? []) {
    if (rule.type === 'required_status_checks')
      for (const check of rule.parameters?.required_status_checks ?? []) required.add(check.context);
    if (rule.type === 'pull_request') pullRequestOnly = true;
    if (rule.type === 'merge_queue') mergeQueue = true;
  }
  const summary = protection?.data.protection?.required_status_checks;
  for (const context of summary?.contexts ?? []) required.add(context);
  for (const check of summary?.checks ?? []) required.add(check.context);
  return {
    required: [...required].sort(),
    pullRequestOnly: pullRequestOnly || protection?.data.protected === true,
    mergeQueue,
    exists: protection !== null,
  };
}
