import { filesOf } from './merge-trees.ts';
import type { Router } from './router.ts';
import { page, refuse } from './wire.ts';
import type { World } from './world.ts';

/** Files that a pull request changes against where it left its base; `emulate` lists none. Lines are not counted. */
export function pullFileRoutes(router: Router, world: World): void {
  router.on('GET /repos/{owner}/{repo}/pulls/{pull_number}/files', async (ask) => {
    const visible = await world.upstream.send('GET', `/repos/${ask.repo}/pulls/${ask.params['pull_number']}`, null, ask.who);
    if (visible.status !== 200) return refuse(404, 'Not Found');
    const { base, head } = visible.body;
    const compared = await world.upstream.find(`/repos/${ask.repo}/compare/${base.ref}...${head.sha}`);
    const [before, after] = await Promise.all(
      [compared?.merge_base_commit.sha ?? base.sha, head.sha].map((sha) => filesOf(world, ask.repo, sha)),
    );
    const paths = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].sort();
    const changed = paths.filter((path) => JSON.stringify(before?.get(path)) !== JSON.stringify(after?.get(path)));
    const files = changed.map((filename) => {
      const at = encodeURIComponent(filename);
      return {
        sha: after?.get(filename)?.sha ?? before?.get(filename)?.sha,
        filename,
        status: !before?.has(filename) ? 'added' : after?.has(filename) ? 'modified' : 'removed',
        additions: 0,
        deletions: 0,
        changes: 0,
        blob_url: `${world.url}/${ask.repo}/blob/${head.sha}/${at}`,
        raw_url: `${world.url}/${ask.repo}/raw/${head.sha}/${at}`,
        contents_url: `${world.url}/repos/${ask.repo}/contents/${at}?ref=${head.sha}`,
      };
    });
    return page(ask, world.url, files, (some) => some);
  });
}
