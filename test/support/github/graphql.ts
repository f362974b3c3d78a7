import { mergeBarrier } from './pull-routes.ts';
import { memoryOf, readPull } from './pulls.ts';
import type { Router } from './router.ts';
import { type Json, type Reply, refuse, reply } from './wire.ts';
import { senderJson, type World } from './world.ts';

const error = (type: string, path: string, message: string): Reply =>
  reply(200, { data: { [path]: null }, errors: [{ type, path: [path], locations: [{ line: 1, column: 1 }], message }] });

/** The two mutations that have no REST form: auto-merge on and off. `{repository: ...}` variables are not looked at; the pull request is found by its node id. */
export function graphqlRoutes(router: Router, world: World, repositories: () => readonly string[]): void {
  const findByNode = async (node: unknown): Promise<{ readonly repo: string; readonly pull: Json } | null> => {
    for (const repo of repositories()) {
      const pulls: readonly Json[] = await world.upstream.admin('GET', `/repos/${repo}/pulls?state=all&per_page=100`);
      const found = pulls.find((pull) => pull.node_id === node);
      if (found !== undefined) return { repo, pull: await readPull(world, repo, found.number) };
    }
    return null;
  };
  router.on('POST /graphql', async (ask) => {
    if (ask.who.kind === 'anonymous') return refuse(401, 'Bad credentials');
    const query = String(ask.body?.query ?? '');
    const name = /\b(enablePullRequestAutoMerge|disablePullRequestAutoMerge)\b/.exec(query)?.[1];
    if (name === undefined) return reply(200, { errors: [{ message: 'The stand-in knows auto-merge only' }] });
    const values: Json = { ...ask.body.variables, ...ask.body.variables?.input };
    const inline = (field: string): string | undefined => new RegExp(`${field}:\\s*"?([A-Za-z0-9_=+/-]+)`).exec(query)?.[1];
    const node = values.pullRequestId ?? values.pullRequest ?? values.id ?? inline('pullRequestId');
    const found = await findByNode(node);
    if (found === null) return error('NOT_FOUND', name, `Could not resolve to a node with the global id of '${String(node)}'`);
    const { repo, pull } = found;
    const memory = memoryOf(world, repo, pull.number);
    const done = reply(200, { data: { [name]: { clientMutationId: null, pullRequest: { id: pull.node_id, number: pull.number } } } });
    if (name === 'disablePullRequestAutoMerge') {
      memory.autoMerge = null;
      return done;
    }
    const settings = await world.upstream.admin('GET', `/repos/${repo}`);
    const queued = (world.rules.get(repo.toLowerCase()) ?? []).some((rule) => rule.mergeQueue && rule.branch === pull.base.ref);
    if (!settings.allow_auto_merge && !queued)
      return error('UNPROCESSABLE', name, 'Pull request Auto merge is not allowed for this repository');
    if (pull.state !== 'open') return error('UNPROCESSABLE', name, 'Pull request Pull request is closed');
    const expected = values.expectedHeadOid ?? values.head;
    if (expected !== undefined && expected !== pull.head.sha)
      return error('UNPROCESSABLE', name, 'Head sha did not match expected head sha');
    if (pull.mergeable_state === 'dirty') return error('UNPROCESSABLE', name, 'Pull request Pull request is in dirty status');
    if ((await mergeBarrier(world, repo, pull)) === null)
      return error('UNPROCESSABLE', name, 'Pull request Pull request is in clean status');
    memory.autoMerge = {
      enabled_by: senderJson(world, ask.who),
      merge_method: String(values.mergeMethod ?? values.method ?? inline('mergeMethod') ?? 'MERGE').toLowerCase(),
      commit_title: '',
      commit_message: '',
    };
    // A queue takes what is green at once.
    await world.settle(repo, pull.head.sha);
    return done;
  });
}
