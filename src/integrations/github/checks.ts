import { Failure } from '../../domain/failure.ts';
import type { Annotation, CheckFacts, ForgeChecks } from '../contract.ts';
import { annotationsOf } from './annotations.ts';
import type { Api, GitHubApi } from './api.ts';
import { byName, checksOf } from './check-facts.ts';
import { logOf } from './check-log.ts';
import { dispatchWorkflow } from './dispatch.ts';
import { lastGreen } from './last-green.ts';
import { rerunFailed } from './rerun.ts';
import type { Rules } from './rules.ts';
import { DISPATCH, READ } from './scopes.ts';

/** Checks at GitHub: check runs and commit statuses, with what the branch they are for requires. */
export function createChecks(github: GitHubApi, rules: Rules): ForgeChecks {
  const required = async (api: Api, branch: string | undefined): Promise<readonly string[]> => {
    const asking = branch ?? (await api.call('GET /repos/{owner}/{repo}')).data.default_branch;
    const { exists, required: names } = await rules.of(api, asking);
    // Nothing is required where nothing is: that must not look like a branch where everything is allowed.
    if (!exists) throw new Failure('revision-gone', `the branch ${asking.slice(0, 200)} is not there (any more)`);
    return names;
  };
  return {
    async list(repo, sha, branch) {
      const api = github.for(repo, READ);
      const [checks, needed] = await Promise.all([checksOf(api, sha).then(byName), required(api, branch)]);
      const facts = [...checks.values()].map(
        ({ name, status, conclusion, url }): CheckFacts => ({
          name,
          status,
          ...(conclusion === undefined ? {} : { conclusion }),
          required: needed.includes(name),
          ...(url === undefined ? {} : { url }),
        }),
      );
      const waiting = needed.filter((name) => !checks.has(name)).map((name): CheckFacts => ({ name, status: 'queued', required: true }));
      return [...facts, ...waiting];
    },
    async log(repo, sha, check) {
      const api = github.for(repo, READ);
      const found = byName(await checksOf(api, sha)).get(check);
      return found === undefined ? null : logOf(api, found);
    },
    async annotations(repo, sha, names) {
      const api = github.for(repo, READ);
      const checks = byName(await checksOf(api, sha));
      const found = new Map<string, readonly Annotation[]>();
      for (const name of names) {
        const check = checks.get(name);
        const said = check === undefined ? [] : await annotationsOf(api, check);
        if (said.length > 0) found.set(name, said);
      }
      return found;
    },
    async start(repo, { workflow, branch, sha }) {
      await dispatchWorkflow(github.for(repo, DISPATCH), { workflow, branch, sha, environment: 'checks', inputs: {} });
    },
    rerun: (repo, sha, checks) => rerunFailed(github.for(repo, READ), github.for(repo, DISPATCH), sha, checks),
    lastGreen: (repo, sha, checks) => lastGreen(github.for(repo, READ), sha, checks),
  };
}
