import { markMerged, memoryOf, openPulls, truePull } from './pulls.ts';
import { requiredChecks } from './requirements.ts';
import type { Router } from './router.ts';
import { type Ask, type Identity, type Json, type Reply, refuse } from './wire.ts';
import { commitOf, loginOf, type World } from './world.ts';

const ZERO = '0'.repeat(40);

/** Commits between two revisions, oldest first, and whether the move loses any. */
async function between(
  world: World,
  repo: string,
  before: string,
  after: string,
): Promise<{ readonly commits: readonly Json[]; readonly forced: boolean }> {
  if (before === ZERO || after === ZERO) return { commits: [], forced: false };
  const compared = await world.upstream.find(`/repos/${repo}/compare/${before}...${after}`);
  return { commits: compared?.commits ?? [], forced: compared === null || compared.behind_by > 0 };
}

const pushed = (world: World, repo: string, commit: Json): Json => ({
  id: commit.sha,
  tree_id: commit.commit.tree.sha,
  distinct: true,
  message: commit.commit.message,
  timestamp: commit.commit.committer.date,
  url: `${world.url}/${repo}/commit/${commit.sha}`,
  author: { name: commit.commit.author.name, email: commit.commit.author.email, username: commit.author?.login },
  committer: { name: commit.commit.committer.name, email: commit.commit.committer.email, username: commit.committer?.login },
  added: [],
  removed: [],
  modified: (commit.files ?? []).map((file: Json) => file.filename),
});

/** A branch or tag moved: the events of it, and what becomes of pull requests from and to it. */
export async function refMoved(world: World, repo: string, ref: string, before: string, after: string, who: Identity): Promise<void> {
  const { commits, forced } = await between(world, repo, before, after);
  const head = after === ZERO ? null : await world.upstream.find(`/repos/${repo}/commits/${after}?per_page=1`);
  const login = loginOf(world, who);
  const [created, deleted] = [before === ZERO, after === ZERO];
  const short = ref.replace(/^refs\/(heads|tags)\//, '');
  const kind = ref.startsWith('refs/tags/') ? 'tag' : 'branch';
  if (created || deleted)
    await world.emit(
      created ? 'create' : 'delete',
      repo,
      { ref: short, ref_type: kind, master_branch: 'main', description: null, pusher_type: 'user' },
      who,
    );
  await world.emit(
    'push',
    repo,
    {
      ref,
      before,
      after,
      created,
      deleted,
      forced,
      base_ref: null,
      compare: `${world.url}/${repo}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
      commits: commits.map((commit) => pushed(world, repo, commit)),
      head_commit: head === null ? null : pushed(world, repo, head),
      pusher: { name: login, email: `${login}@example.com` },
    },
    who,
  );
  if (!ref.startsWith('refs/heads/')) return;
  for (const pull of await openPulls(world, repo)) {
    if (pull.head.ref === short && pull.head.repo?.full_name === repo) {
      if (deleted) {
        memoryOf(world, repo, pull.number).closer = login;
        await world.upstream.admin('PATCH', `/repos/${repo}/pulls/${pull.number}`, { state: 'closed' });
      } else {
        const shown = await truePull(world, repo, pull, true);
        await world.emit('pull_request', repo, { action: 'synchronize', number: pull.number, before, after, pull_request: shown }, who);
      }
    } else if (pull.base.ref === short && !deleted && memoryOf(world, repo, pull.number).merged === null) {
      const tip = await commitOf(world, repo, `refs/heads/${pull.head.ref}`);
      const compared = tip === null ? null : await world.upstream.find(`/repos/${repo}/compare/${after}...${tip}`);
      if (compared !== null && compared.ahead_by === 0) {
        await truePull(world, repo, pull, false);
        await markMerged(world, repo, pull.number, tip ?? after, login);
      }
    }
  }
}

/** What rules say against a move; `emulate` knows protection only. */
async function barred(world: World, ask: Ask, ref: string): Promise<Reply | null> {
  if (!ref.startsWith('refs/heads/')) return null;
  const branch = ref.slice('refs/heads/'.length);
  const rules = (world.rules.get(ask.repo.toLowerCase()) ?? []).filter((rule) => rule.branch === branch);
  if (rules.length === 0) return null;
  const names = await requiredChecks(world, ask.repo, branch);
  const why = [
    ...(rules.some((rule) => rule.pullRequest) ? ['Changes must be made through a pull request.'] : []),
    ...(names.length > 0 ? [`Required status check "${names[0]}" is expected.`] : []),
  ];
  return why.length === 0 ? null : refuse(422, `Repository rule violations found\n\n${why.join('\n\n')}\n\n`);
}

/** `emulate`'s refusals in GitHub's statuses and words. */
function corrected(answer: Reply): Reply {
  const message = String(answer.body?.message ?? '');
  if (answer.status === 409 && /Protected branch/.test(message)) return refuse(422, message);
  if (answer.status === 422 && /not a fast-forward/.test(message)) return refuse(422, 'Update is not a fast forward');
  if (answer.status === 422 && /Invalid sha/.test(message)) return refuse(422, 'Object does not exist');
  return answer;
}

/** References: moves make events and change pull requests. */
export function refRoutes(router: Router, world: World): void {
  const fullName = (ask: Ask): string => `refs/${(ask.params['ref'] ?? '').replace(/^refs\//, '')}`;
  const shaOf = async (repo: string, ref: string): Promise<string | null> =>
    (await world.upstream.find(`/repos/${repo}/git/ref/${ref.slice('refs/'.length).split('/').map(encodeURIComponent).join('/')}`))?.object
      .sha ?? null;
  router.on('POST /repos/{owner}/{repo}/git/refs', async (ask) => {
    const no = await barred(world, ask, String(ask.body.ref));
    if (no !== null) return no;
    const answer = corrected(await world.upstream.send('POST', ask.target, ask.body, ask.who));
    if (answer.status === 201) await refMoved(world, ask.repo, ask.body.ref, ZERO, ask.body.sha, ask.who);
    return answer;
  });
  router.on('PATCH /repos/{owner}/{repo}/git/refs/{ref}', async (ask) => {
    const ref = fullName(ask);
    const before = await shaOf(ask.repo, ref);
    if (before === null) return refuse(422, 'Reference does not exist');
    const no = await barred(world, ask, ref);
    if (no !== null) return no;
    const answer = corrected(await world.upstream.send('PATCH', ask.target, ask.body, ask.who));
    if (answer.status === 200 && before !== ask.body.sha) await refMoved(world, ask.repo, ref, before, ask.body.sha, ask.who);
    return answer;
  });
  router.on('DELETE /repos/{owner}/{repo}/git/refs/{ref}', async (ask) => {
    const ref = fullName(ask);
    const before = await shaOf(ask.repo, ref);
    if (before === null) return refuse(422, 'Reference does not exist');
    for (const pull of await openPulls(world, ask.repo))
      if (`refs/heads/${pull.head.ref}` === ref) await truePull(world, ask.repo, pull, false);
    const answer = corrected(await world.upstream.send('DELETE', ask.target, null, ask.who));
    if (answer.status === 204) await refMoved(world, ask.repo, ref, before, ZERO, ask.who);
    return answer;
  });
}
