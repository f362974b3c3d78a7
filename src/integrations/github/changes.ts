import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { CheckFacts, ForgeChanges } from '../contract.ts';
import { unless } from './answer.ts';
import type { GitHubApi } from './api.ts';
import { commitChange } from './commit-change.ts';
import type { Commits } from './commits.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { mergePull } from './merge.ts';
import { closePull, findByBranch, findMarked, openPull, openPulls, pullFacts, readPull } from './pull-requests.ts';
import { refused } from './refused.ts';
import type { Rules } from './rules.ts';
import { COMMIT, MERGE, PROPOSE, READ } from './scopes.ts';
import type { Trees } from './tree.ts';

/** Branches that are Suture's to make and to delete. */
const OWN_BRANCHES = 'suture/';

/** Writing changes at GitHub. */
export function createChanges(
  github: GitHubApi,
  parts: {
    readonly trees: Trees;
    readonly commits: Commits;
    readonly rules: Rules;
    readonly checks: (repo: RepoRef, sha: string, branch: string) => Promise<readonly CheckFacts[]>;
  },
): ForgeChanges {
  const { trees, commits, rules } = parts;
  const alone = createKeyedLock();
  return {
    async get(repo, number) {
      const api = github.for(repo, READ);
      const pull = await readPull(api, number);
      return pull === null ? null : pullFacts(api, pull);
    },
    async listOpen(repo, limit) {
      const api = github.for(repo, READ);
      return openPulls(api, limit);
    },
    async findByBranch(repo, branch) {
      const api = github.for(repo, READ);
      const pull = await findByBranch(api, branch);
      return pull === null ? null : pullFacts(api, pull);
    },
    async ownBranches(repo) {
      const refs = await github
        .for(repo, READ)
        .all('GET /repos/{owner}/{repo}/git/matching-refs/{ref}', { ref: `heads/${OWN_BRANCHES}` }, (data) => data, 500);
      return refs.map(({ ref, object }) => ({ name: ref.slice('refs/heads/'.length), headSha: object.sha }));
    },
    async findByMarker(repo, marker) {
      const api = github.for(repo, READ);
      const pull = await findMarked(api, github.login, marker);
      return pull === null ? null : pullFacts(api, pull);
    },
    async commit(repo, input) {
      const { branch, changeSet } = input;
      const reading = github.for(repo, READ);
      if (!branch.startsWith(OWN_BRANCHES)) {
        const { data } = await reading.call('GET /repos/{owner}/{repo}');
        if (branch === data.default_branch || (await rules.of(reading, branch)).pullRequestOnly) {
          return refused('protected', `${branch} is protected: open a pull request`);
        }
      }
      const workflows = changeSet.files.some((file) => file.path.startsWith('.github/workflows/'));
      const api = github.for(repo, workflows ? { ...COMMIT, workflows: 'write' } : COMMIT);
      return alone(`${repo.owner}/${repo.name}/${branch}`, async () =>
        commitChange(api, commits, await trees.of(reading, changeSet.base), input),
      );
    },
    open: (repo, input) =>
      alone(`${repo.owner}/${repo.name}/${input.marker}`, async () => {
        const opened = await openPull(github, github.for(repo, PROPOSE), trees, input);
        return 'kind' in opened ? opened : { kind: 'open', pullRequest: opened };
      }),
    merge: (repo, number, expectedHead) =>
      alone(`${repo.owner}/${repo.name}#${number}`, () => {
        const reading = github.for(repo, READ);
        const api = github.for(repo, { ...READ, ...MERGE });
        return mergePull(
          api,
          number,
          expectedHead,
          (sha, branch) => parts.checks(repo, sha, branch),
          (branch) => rules.of(reading, branch),
        );
      }),
    close: (repo, number, comment) =>
      alone(`${repo.owner}/${repo.name}#${number}`, () => closePull(github.for(repo, PROPOSE), github.login, number, comment)),
    async deleteBranch(repo, branch) {
      if (!branch.startsWith(OWN_BRANCHES)) throw new Failure('plan-invalid', `${branch.slice(0, 100)} is not a branch of Suture's`);
      await unless(
        [404, 409, 422],
        null,
        github.for(repo, COMMIT).call('DELETE /repos/{owner}/{repo}/git/refs/{ref}', { ref: `heads/${branch}` }),
      );
    },
  };
}
