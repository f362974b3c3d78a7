import { createHash } from 'node:crypto';
import type { Json } from './wire.ts';
import type { World } from './world.ts';

/** Values that differ from one run to the next without meaning anything. */
export function withoutAccidents(text: string): string {
  return (
    text
      .replace(/\b[0-9a-f]{64}\b/g, '<hash>')
      .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
      .replace(/\b[5-9]\d{6}\b/g, '<id>')
      // Checkpoints of the audit trail: how many entries, their sum, its signature.
      .replace(/[A-Za-z0-9+/]{43,}={1,2}/g, '<sum>')
      .replace(/(suture\/audit\s|moment: )\d+/g, '$1<count>')
  );
}

/** What a commit is, whatever its time: its tree, its message, its parents. */
function commitNames(commits: readonly Json[]): (sha: string) => string {
  const bySha = new Map(commits.map((commit) => [commit.sha as string, commit]));
  const known = new Map<string, string>();
  const nameOf = (sha: string): string => {
    const found = known.get(sha);
    if (found !== undefined) return found;
    const commit = bySha.get(sha);
    const described = commit === undefined ? sha : JSON.stringify([commit.message, commit.tree_sha, commit.parent_shas.map(nameOf)]);
    const name = `${String(commit?.message ?? '').split('\n')[0]}:${createHash('sha1').update(described).digest('hex').slice(0, 8)}`;
    known.set(sha, name);
    return name;
  };
  return nameOf;
}

/**
 * What a repository looks like, one line for each thing that is or is not there: branches with their commits, pull requests, issues, comments,
 * reactions, checks, statuses, deployments, runs of workflows, webhooks. Two pictures are the same when nobody could tell the two apart.
 */
export function pictureOf(world: World, fullName: string): readonly string[] {
  const table = (name: string): readonly Json[] => world.upstream.collections.get(`github.${name}`)?.all() ?? [];
  const repo = table('repos').find((one) => one.full_name === fullName);
  const own = (name: string): readonly Json[] => table(name).filter((one) => one.repo_id === repo.id);
  const userOf = (id: number): string => table('users').find((one) => one.id === id)?.login ?? String(id);
  const commit = commitNames(own('commits'));
  const known = new Set(own('commits').map((one) => String(one.sha)));
  const lines: string[] = [];
  const add = (...parts: readonly unknown[]): void => {
    const text = parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(' ');
    // Commits of this run have other ids each time, wherever they are named.
    lines.push(withoutAccidents(text.replace(/\b[0-9a-f]{40}\b/g, (sha) => (known.has(sha) ? commit(sha) : sha))));
  };
  const lower = fullName.toLowerCase();
  for (const ref of own('refs')) add('ref', ref.ref, commit(ref.sha));
  for (const issue of own('issues')) {
    const memory = world.pulls.get(`${lower}#${issue.number}`);
    const labels = issue.label_ids.map((id: number) => table('labels').find((one) => one.id === id)?.name);
    add(issue.is_pull_request ? 'pull' : 'issue', issue.number, 'by', userOf(issue.user_id), issue.title, issue.body);
    for (const label of labels) add('label of', issue.number, label);
    const pull = own('pull_requests').find((one) => one.number === issue.number);
    add(
      'state of',
      issue.number,
      pull?.state ?? issue.state,
      memory?.merged == null ? 'not merged' : `merged as ${commit(memory.merged.sha)}`,
    );
    if (pull !== undefined) add('branches of', issue.number, pull.head_ref, pull.base_ref, pull.draft);
    for (const id of pull?.requested_reviewer_ids ?? []) add('review of', issue.number, 'asked of', userOf(id));
    for (const id of pull?.requested_team_ids ?? []) add('review of', issue.number, 'asked of team', id);
    if (memory?.autoMerge != null) add('automatic merge of', issue.number, memory.autoMerge.merge_method);
  }
  for (const comment of own('comments')) add('comment on', comment.issue_number, 'by', userOf(comment.user_id), comment.body);
  for (const [comment, reactions] of world.reactions)
    if (comment.startsWith(`${fullName}#`))
      for (const one of reactions) add('reaction to', comment.split('#')[1], one.user.login, one.content);
  for (const run of own('check_runs')) {
    const { title, summary } = run.output;
    add('check', run.name, 'of', commit(run.head_sha), run.status, run.conclusion, run.external_id, title, summary);
  }
  for (const [key, statuses] of world.statuses)
    if (key.startsWith(`${lower}@`))
      for (const one of statuses) add('status', one.context, 'of', commit(key.split('@')[1] ?? ''), one.state, one.description);
  for (const { json, statuses } of world.deployments.get(lower) ?? []) {
    add('deployment of', commit(json.sha), 'to', json.environment, json.payload);
    for (const one of statuses) add('deployment status', one.state);
  }
  for (const run of world.actions.runs)
    if (run.repo === fullName) add('run of', run.workflow.path, run.event, commit(run.sha), run.inputs, 'attempt', run.attempt, run.status);
  for (const { target, events, active, config } of world.hooks.hooks)
    if ([fullName, world.org, world.app.slug].includes(target.name))
      add('hook of', target.type, config.url ?? '', active, config.content_type, config.secret !== undefined, [...events].sort());
  const again = new Set(world.hooks.deliveries.filter((one) => one.redelivery).map((one) => one.guid));
  for (const guid of again) add('delivered again', guid);
  return lines.sort();
}
