import { createHmac, timingSafeEqual } from 'node:crypto';
import { trueCheckRun } from './checks.ts';
import { trueIssue } from './issues.ts';
import { memoryOf, readPull } from './pulls.ts';
import type { Json } from './wire.ts';
import { idOf, userJson, type World } from './world.ts';

/** Events that `emulate` sends in a form that is not GitHub's; the stand-in sends them itself. */
const OWN = new Set(['push', 'create', 'delete', 'check_suite', 'workflow_run', 'ping', 'repository', 'branch_protection_rule']);

/** How long a check run's own facts may take to arrive after its event. */
const TRIES = 200;

/** Whether an event of `emulate` carries its signature, event and content type as GitHub's do. */
export function isGenuine(headers: Readonly<Record<string, string | undefined>>, raw: Buffer, secret: string): boolean {
  const wanted = Buffer.from(`sha256=${createHmac('sha256', secret).update(raw).digest('hex')}`);
  const said = Buffer.from(headers['x-hub-signature-256'] ?? '');
  const typed =
    headers['content-type']?.startsWith('application/json') === true &&
    headers['x-github-event'] !== undefined &&
    headers['x-github-delivery'] !== undefined;
  return typed && wanted.length === said.length && timingSafeEqual(wanted, said);
}

/** Passes an event of `emulate` on as GitHub would have sent it. */
export async function relay(world: World, event: string, payload: Json): Promise<void> {
  if (OWN.has(event) || payload.action === 'review_requested') return;
  const repo = payload.repository?.full_name as string | undefined;
  if (repo === undefined) return;
  const { repository: _repository, sender, installation: _installation, organization: _organization, ...rest } = payload;
  if (event === 'check_run') {
    for (let tries = 0; !world.checkRuns.has(rest.check_run.id) && tries < TRIES; tries += 1)
      await new Promise((resolve) => setImmediate(resolve));
    await world.emit(event, repo, { ...rest, check_run: await trueCheckRun(world, repo, rest.check_run) }, sender);
    return;
  }
  if (rest.label?.name !== undefined && rest.label.id === undefined)
    rest.label = (await world.upstream.find(`/repos/${repo}/labels/${encodeURIComponent(rest.label.name)}`)) ?? rest.label;
  if (rest.issue?.number !== undefined) rest.issue = await trueIssue(world, repo, rest.issue);
  const isPull = rest.issue?.head !== undefined || rest.issue?.pull_request !== undefined;
  const number = rest.pull_request?.number ?? (isPull && event === 'issues' ? rest.issue.number : undefined);
  if (number === undefined) {
    await world.emit(event, repo, rest, sender);
    return;
  }
  // Labels of pull requests are events of pull requests, not of issues.
  const { issue: _issue, ...others } = rest;
  const pull = await readPull(world, repo, number);
  const { closer } = memoryOf(world, repo, number);
  const by = rest.action === 'closed' && closer !== null ? userJson(world, closer, idOf(closer)) : sender;
  await world.emit(
    event === 'issues' ? 'pull_request' : event,
    repo,
    { ...others, ...(event === 'pull_request_review' ? {} : { number }), pull_request: pull },
    by,
  );
}
