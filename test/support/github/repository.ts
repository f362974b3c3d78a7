import { type Files, treeItems } from './files.ts';
import type { World } from './world.ts';

/** What a repository starts with. */
export interface RepositorySpec {
  /** Default `shop-<mark of the stand-in>-<n>`. */
  readonly name?: string;
  /** Default `a.txt`, "one\n". */
  readonly files?: Files;
  /** Default true: permissions of tokens bind reading too. */
  readonly private?: boolean;
  /** Where required checks are kept; default `protection`. `none`: nothing is protected. */
  readonly rules?: 'protection' | 'ruleset' | 'none';
  /** Default `test`. */
  readonly requiredChecks?: readonly string[];
  readonly requiredApprovals?: number;
  readonly mergeQueue?: boolean;
  readonly allow?: { readonly merge?: boolean; readonly squash?: boolean; readonly rebase?: boolean; readonly auto?: boolean };
  readonly deleteBranchOnMerge?: boolean;
}

/** A repository with one commit on `main`, its people and its rules. */
export async function createRepository(
  world: World,
  spec: RepositorySpec & { readonly name: string },
): Promise<{ readonly owner: string; readonly name: string; readonly fullName: string; readonly head: string }> {
  const { upstream, org } = world;
  const repo = `${org}/${spec.name}`;
  await upstream.admin('POST', `/orgs/${org}/repos`, { name: spec.name, private: spec.private ?? true });
  const tree = await upstream.admin('POST', `/repos/${repo}/git/trees`, {
    tree: await treeItems(world, repo, spec.files ?? { 'a.txt': 'one\n' }),
  });
  const commit = await upstream.admin('POST', `/repos/${repo}/git/commits`, { message: 'Start', tree: tree.sha, parents: [] });
  await upstream.admin('POST', `/repos/${repo}/git/refs`, { ref: 'refs/heads/main', sha: commit.sha });
  const { allow } = spec;
  await upstream.admin('PATCH', `/repos/${repo}`, {
    allow_merge_commit: allow?.merge ?? true,
    allow_squash_merge: allow?.squash ?? true,
    allow_rebase_merge: allow?.rebase ?? true,
    allow_auto_merge: allow?.auto ?? false,
    delete_branch_on_merge: spec.deleteBranchOnMerge ?? false,
  });
  for (const [login, permission] of [
    ['maria', 'maintain'],
    ['suture-bot', 'push'],
    ['theo', 'triage'],
  ])
    await upstream.admin('PUT', `/repos/${repo}/collaborators/${login}`, { permission });
  const checks = spec.requiredChecks ?? ['test'];
  if ((spec.rules ?? 'protection') === 'protection')
    await upstream.admin('PUT', `/repos/${repo}/branches/main/protection`, {
      required_status_checks: checks.length > 0 ? { strict: false, contexts: checks } : null,
      enforce_admins: false,
      required_pull_request_reviews:
        spec.requiredApprovals === undefined ? null : { required_approving_review_count: spec.requiredApprovals },
      restrictions: null,
    });
  if (spec.rules === 'ruleset' || spec.mergeQueue === true)
    world.rules.set(repo.toLowerCase(), [
      {
        branch: 'main',
        checks: spec.rules === 'ruleset' ? checks : [],
        pullRequest: spec.rules === 'ruleset',
        mergeQueue: spec.mergeQueue ?? false,
      },
    ]);
  return { owner: org, name: spec.name, fullName: repo, head: commit.sha as string };
}
