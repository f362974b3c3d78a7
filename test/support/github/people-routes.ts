import { requiredApprovals, requiredChecks } from './requirements.ts';
import type { Router } from './router.ts';
import { type Json, page, refuse, reply } from './wire.ts';
import { loginOf, senderJson, stamp, type World } from './world.ts';

const COARSE: Readonly<Record<string, string>> = {
  admin: 'admin',
  maintain: 'write',
  push: 'write',
  write: 'write',
  triage: 'read',
  pull: 'read',
};

/** Permissions of people, reactions, and what rules say of a branch. */
export function peopleRoutes(router: Router, world: World): void {
  router.on('GET /repos/{owner}/{repo}/collaborators/{username}/permission', async (ask) => {
    const answer = await world.upstream.send('GET', ask.target, null, ask.who);
    if (answer.status === 200)
      return {
        ...answer,
        body: {
          ...answer.body,
          permission: COARSE[answer.body.permission] ?? 'read',
          user: { ...answer.body.user, role_name: answer.body.role_name },
        },
      };
    const user = await world.upstream.find(`/users/${encodeURIComponent(ask.params['username'] ?? '')}`);
    if (answer.status !== 404 || user === null) return answer;
    const { private: hidden } = await world.upstream.admin('GET', `/repos/${ask.repo}`);
    return reply(200, {
      permission: hidden ? 'none' : 'read',
      role_name: hidden ? '' : 'read',
      user: { ...user, role_name: hidden ? '' : 'read' },
    });
  });

  const { reactions } = world;
  const place = '/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions';
  router.on(`POST ${place}`, async (ask) => {
    const id = Number(ask.params['comment_id']);
    const comment = await world.upstream.send('GET', `/repos/${ask.repo}/issues/comments/${id}`, null, ask.who);
    if (comment.status !== 200) return comment;
    const list = reactions.get(`${ask.repo}#${id}`) ?? [];
    reactions.set(`${ask.repo}#${id}`, list);
    const known = list.find((one) => one.content === ask.body.content && one.user.login === loginOf(world, ask.who));
    if (known !== undefined) return reply(200, known);
    const number = world.nextId();
    const made = {
      id: number,
      node_id: `REA_${number}`,
      user: senderJson(world, ask.who),
      content: ask.body.content,
      created_at: stamp(world.now()),
    };
    list.push(made);
    return reply(201, made);
  });
  router.on(`GET ${place}`, (ask) => page(ask, world.url, reactions.get(`${ask.repo}#${Number(ask.params['comment_id'])}`) ?? []));

  router.on('GET /repos/{owner}/{repo}/rules/branches/{branch}', async (ask) => {
    const visible = await world.upstream.send('GET', `/repos/${ask.repo}`, null, ask.who);
    if (visible.status !== 200) return refuse(404, 'Not Found');
    const rules = (world.rules.get(ask.repo.toLowerCase()) ?? []).filter((rule) => rule.branch === ask.params['branch']);
    const source = { ruleset_source_type: 'Repository', ruleset_source: ask.repo, ruleset_id: 1 };
    const shown = rules.flatMap((rule) => [
      ...(rule.checks.length === 0
        ? []
        : [
            {
              type: 'required_status_checks',
              ...source,
              parameters: {
                strict_required_status_checks_policy: false,
                do_not_enforce_on_create: false,
                required_status_checks: rule.checks.map((context) => ({ context })),
              },
            },
          ]),
      ...(rule.pullRequest
        ? [
            {
              type: 'pull_request',
              ...source,
              parameters: {
                required_approving_review_count: 0,
                dismiss_stale_reviews_on_push: false,
                require_code_owner_review: false,
                require_last_push_approval: false,
                required_review_thread_resolution: false,
                allowed_merge_methods: ['merge', 'squash', 'rebase'],
              },
            },
          ]
        : []),
      ...(rule.mergeQueue ? [{ type: 'merge_queue', ...source }] : []),
    ]);
    return page(ask, world.url, shown);
  });
  router.on('GET /repos/{owner}/{repo}/rulesets/{ruleset_id}', async (ask) => {
    const rules = world.rules.get(ask.repo.toLowerCase()) ?? [];
    if (rules.length === 0 || ask.params['ruleset_id'] !== '1') return refuse(404, 'Not Found');
    const [first] = rules;
    return reply(200, {
      id: 1,
      name: 'protect',
      target: 'branch',
      source_type: 'Repository',
      source: ask.repo,
      enforcement: 'active',
      bypass_actors: [],
      current_user_can_bypass: 'never',
      conditions: { ref_name: { include: [`refs/heads/${first?.branch ?? 'main'}`], exclude: [] } },
      rules: [],
    });
  });
  // Administration may not be readable; what GitHub answers to everybody is whether a branch is protected and by which checks.
  router.on('GET /repos/{owner}/{repo}/branches/{branch}', async (ask) => {
    const answer = await world.upstream.send('GET', ask.target, null, ask.who);
    if (answer.status !== 200) return answer.status === 404 ? refuse(404, 'Branch not found') : answer;
    const branch = ask.params['branch'] ?? '';
    const ruled = (world.rules.get(ask.repo.toLowerCase()) ?? []).some((rule) => rule.branch === branch);
    const commit = await world.upstream.find(`/repos/${ask.repo}/commits/${answer.body.commit.sha}?per_page=1`);
    const self = `${world.url}/repos/${ask.repo}/branches/${branch}`;
    const shown: Json = {
      ...answer.body,
      commit,
      _links: { self, html: `${world.url}/${ask.repo}/tree/${branch}` },
      protection: { enabled: false },
      protection_url: `${self}/protection`,
      protected: answer.body.protected || ruled,
    };
    if (answer.body.protected) {
      const checks = await requiredChecks(world, ask.repo, branch);
      const approvals = await requiredApprovals(world, ask.repo, branch);
      shown.protection = {
        enabled: true,
        required_status_checks: {
          enforcement_level: checks.length > 0 ? 'non_admins' : 'off',
          contexts: checks,
          checks: checks.map((context) => ({ context, app_id: null })),
        },
        ...(approvals > 0 ? { required_pull_request_reviews: { required_approving_review_count: approvals } } : {}),
      };
    }
    return { ...answer, body: shown };
  });
}
