import { type Files, treeItems } from './files.ts';
import type { Identity, Json } from './wire.ts';
import { commitOf, type World } from './world.ts';

/** Copies a commit and all before it; `emulate`'s forks begin empty, GitHub's share every object with their origin. */
async function copyHistory(world: World, from: string, to: string, head: string, writer: Identity | 'admin'): Promise<void> {
  const { upstream } = world;
  const commits: readonly Json[] = await upstream.admin('GET', `/repos/${from}/commits?sha=${head}&per_page=100`);
  for (const { sha } of [...commits].reverse()) {
    if ((await upstream.find(`/repos/${to}/git/commits/${sha}`)) !== null) continue;
    const { message, author, committer, parents, tree: root } = (await upstream.admin('GET', `/repos/${from}/git/commits/${sha}`)) as Json;
    const { tree } = await upstream.admin('GET', `/repos/${from}/git/trees/${root.sha}?recursive=1`);
    const items: Json[] = [];
    for (const { path, mode, type, sha: blob } of tree.filter((entry: Json) => entry.type !== 'tree')) {
      const { content } = await upstream.admin('GET', `/repos/${from}/git/blobs/${blob}`);
      await upstream.must('POST', `/repos/${to}/git/blobs`, { content, encoding: 'base64' }, writer);
      items.push({ path, mode, type, sha: blob });
    }
    const copied = await upstream.must('POST', `/repos/${to}/git/trees`, { tree: items }, writer);
    const body = { message, author, committer, tree: copied.sha, parents: parents.map((parent: Json) => parent.sha) };
    const made = await upstream.must('POST', `/repos/${to}/git/commits`, body, writer);
    if (made.sha !== sha) throw new Error(`${sha} became ${made.sha} in ${to}`);
  }
}

/** A branch of a fork with one commit on top of `main`; its full name. The origin knows the commit, as at GitHub. */
export async function pushToFork(
  world: World,
  repo: string,
  branch: string,
  files: Files,
  message: string,
  login: string,
): Promise<string> {
  const { upstream } = world;
  const who: Identity = { kind: 'user', login };
  const fork = (await upstream.must('POST', `/repos/${repo}/forks`, {}, who)).full_name as string;
  const main = await commitOf(world, repo, 'refs/heads/main');
  if (main === null) throw new Error(`${repo} has no main`);
  await copyHistory(world, repo, fork, main, who);
  await upstream.must('PATCH', `/repos/${fork}/git/refs/heads/main`, { sha: main, force: true }, who);
  const { tree: base } = (await upstream.admin('GET', `/repos/${repo}/git/commits/${main}`)) as Json;
  const tree = await upstream.must(
    'POST',
    `/repos/${fork}/git/trees`,
    { base_tree: base.sha, tree: await treeItems(world, fork, files, who) },
    who,
  );
  const author = { name: login, email: `${login}@example.com`, date: new Date(world.now()).toISOString() };
  const commit = await upstream.must('POST', `/repos/${fork}/git/commits`, { message, tree: tree.sha, parents: [main], author }, who);
  await upstream.must('POST', `/repos/${fork}/git/refs`, { ref: `refs/heads/${branch}`, sha: commit.sha }, who);
  await copyHistory(world, fork, repo, commit.sha, 'admin');
  return fork;
}
