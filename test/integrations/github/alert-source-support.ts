import { createRequire } from 'node:module';
import { branchFor } from '../../../src/activities/keys.ts';
import { healingId } from '../../../src/domain/ids.ts';
import { Signal } from '../../../src/domain/signal.schema.ts';
import { createGitHubSource } from '../../../src/integrations/github/alert-source.ts';
import type { Json } from '../../support/github/wire.ts';

/** Payloads of one event as GitHub published them. */
export interface Examples {
  readonly name: string;
  readonly examples: readonly Json[];
}

// By hand: the compiler would otherwise work out the type of four megabytes of JSON.
const require = createRequire(import.meta.url);

/** All published payloads, by event. */
export const PUBLISHED: readonly Examples[] = require('@octokit/webhooks-examples') as readonly Examples[];

export const LOGIN = 'suture-healer[bot]';
export const NOW = new Date('2026-11-23T12:00:00.000Z');
export const SHA = 'c'.repeat(40);
export const BEFORE = 'b'.repeat(40);
export const GUID = '72d3162e-cc78-11e3-81ab-4c9367dc0958';

/** The source as a server has it. */
export const source = createGitHubSource({
  config: { login: LOGIN, startLabel: 'suture', stopLabel: 'no-suture' },
  secret: () => ['the-newer-secret', 'the-older-secret'],
});

/** A copy of the first published payload of an event that fits, with changes laid over it, however deep. */
export function derive(event: string, fits: (payload: Json) => boolean, changes: Json): Json {
  const found = PUBLISHED.find((entry) => entry.name === event)?.examples.find(fits);
  if (found === undefined) throw new Error(`no published ${event} fits`);
  return lay(structuredClone(found), changes);
}

function lay(under: Json, over: Json): Json {
  if (over === null || typeof over !== 'object' || Array.isArray(over)) return over;
  const base = under !== null && typeof under === 'object' && !Array.isArray(under) ? under : {};
  for (const [key, value] of Object.entries(over)) base[key] = lay(base[key], value);
  return base;
}

/** What the source makes of a delivery, whose body is JSON of `payload`. */
export function take(event: string, payload: Json, guid = GUID): ReturnType<typeof source.parse> {
  const body = Buffer.from(JSON.stringify(payload));
  return source.parse({ headers: { 'x-github-event': event, 'x-github-delivery': guid }, body, receivedAt: NOW });
}

/** The signals of a delivery, each as its schema wants it; none when it is ignored. Throws when it is refused. */
export function heard(event: string, payload: Json, guid = GUID): readonly Signal[] {
  const answer = take(event, payload, guid);
  if (answer.kind === 'invalid') throw new Error(`${event} is refused: ${answer.reason}`);
  if (answer.kind === 'ignored') {
    if (answer.reason === '' || answer.reason.includes('\n')) throw new Error(`${event} is ignored without a reason`);
    return [];
  }
  return answer.signals.map((signal) => Signal.parse(signal));
}

/** Why a delivery is ignored; throws when it is not. */
export function reason(event: string, payload: Json): string {
  const answer = take(event, payload);
  if (answer.kind !== 'ignored') throw new Error(`${event} is not ignored: ${JSON.stringify(answer)}`);
  return answer.reason;
}

/** Ids of the healings that signals go to. */
export function healings(signals: readonly Signal[]): readonly string[] {
  return [...new Set(signals.map((signal) => healingId(signal.repo, signal.subject)))];
}

const REPO_ID = 186_853_002;

export const REPOSITORY = { id: REPO_ID, full_name: 'acme/shop', name: 'shop', default_branch: 'main', owner: { login: 'acme' } };
const SENDER = { login: 'maria', type: 'User' };

/** What every payload of a test shares. */
export const COMMON = { repository: REPOSITORY, sender: SENDER };

/** A pull request as runs and checks name it. */
export function stub(
  number: number,
  branch: string,
  options: { readonly base?: string; readonly headRepo?: number; readonly baseRepo?: number } = {},
): Json {
  const repo = (id: number): Json => ({ id, name: 'shop', url: 'https://api.github.com/repos/acme/shop' });
  return {
    id: number,
    number,
    url: `https://api.github.com/repos/acme/shop/pulls/${number}`,
    head: { ref: branch, sha: SHA, repo: repo(options.headRepo ?? REPO_ID) },
    base: { ref: options.base ?? 'main', sha: BEFORE, repo: repo(options.baseRepo ?? REPO_ID) },
  };
}

/** A run of a workflow, whose fields are laid over a published one. */
export function workflowRun(changes: Json = {}): Json {
  return derive('workflow_run', (payload) => payload.action === 'completed' && payload.workflow_run.conclusion === 'success', {
    ...COMMON,
    workflow_run: {
      id: 5_001,
      name: 'CI',
      status: 'completed',
      conclusion: 'failure',
      head_sha: SHA,
      head_branch: 'main',
      event: 'push',
      updated_at: '2026-11-23T11:59:00Z',
      pull_requests: [],
      head_repository: { id: REPO_ID, full_name: 'acme/shop' },
      repository: { id: REPO_ID, full_name: 'acme/shop' },
      ...changes,
    },
  });
}

/** A check run, of a job of GitHub Actions when nothing else is said. */
export function checkRun(changes: Json = {}): Json {
  return derive('check_run', (payload) => payload.action === 'completed', {
    ...COMMON,
    action: 'completed',
    check_run: {
      name: 'test',
      status: 'completed',
      conclusion: 'failure',
      head_sha: SHA,
      completed_at: '2026-11-23T11:58:00Z',
      app: { slug: 'github-actions' },
      pull_requests: [],
      ...changes,
      check_suite: { head_branch: 'main', pull_requests: [], ...changes.check_suite },
    },
  });
}

/** A commit status of another system on branches whose head it is. */
export function status(state: string, branches: readonly string[], changes: Json = {}): Json {
  return derive('status', () => true, {
    ...COMMON,
    sha: SHA,
    context: 'ci/other',
    state,
    branches: branches.map((name) => ({ name, commit: { sha: SHA } })),
    ...changes,
  });
}

/** Everything that GitHub sends of one run of a workflow with three jobs, of which one fails. */
export function burst(where: {
  readonly branch: string;
  readonly pulls: readonly Json[];
  readonly fork?: boolean;
}): ReadonlyArray<readonly [string, Json]> {
  const headRepository = where.fork === true ? { id: 99, full_name: 'olaf/shop', fork: true } : { id: REPO_ID, full_name: 'acme/shop' };
  const base = {
    head_branch: where.branch,
    pull_requests: where.pulls,
    head_repository: headRepository,
    event: where.pulls.length > 0 || where.fork ? 'pull_request' : 'push',
  };
  const conclusions = { lint: 'success', test: 'failure', docs: 'skipped' };
  const suite = { head_branch: where.branch, head_sha: SHA, pull_requests: where.pulls, app: { slug: 'github-actions' } };
  return [
    ['workflow_run', { ...workflowRun({ ...base, status: 'queued', conclusion: null }), action: 'requested' }],
    ['workflow_run', { ...workflowRun({ ...base, status: 'in_progress', conclusion: null }), action: 'in_progress' }],
    ...Object.entries(conclusions).flatMap(([name, conclusion]): Array<readonly [string, Json]> => {
      const job = (action: string, end: string | null): readonly [string, Json] => [
        'workflow_job',
        derive('workflow_job', () => true, {
          ...COMMON,
          action,
          workflow_job: { name, head_sha: SHA, head_branch: where.branch, conclusion: end },
        }),
      ];
      const check = { name, pull_requests: where.pulls, check_suite: suite };
      return [
        job('queued', null),
        ['check_run', { ...checkRun({ ...check, status: 'queued', conclusion: null }), action: 'created' }],
        job('in_progress', null),
        ['check_run', checkRun({ ...check, conclusion })],
        job('completed', conclusion),
      ];
    }),
    [
      'check_suite',
      derive('check_suite', (payload) => payload.action === 'completed', { ...COMMON, check_suite: { ...suite, conclusion: 'failure' } }),
    ],
    ['workflow_run', workflowRun({ ...base, conclusion: 'failure' })],
  ];
}

/** Marker in the body of a pull request that the healing of a subject opened. */
export const marker = (subject: string, repo = 'acme/shop'): string =>
  `What broke.\n\n<!-- suture:heal/${repo}/${subject}#0123456789abcdef -->`;

/** A pull request, by default of a person, from a branch of the repository. */
export function pull(changes: Json = {}): Json {
  const { headRepo = REPO_ID, branch = 'feature', ...rest } = changes;
  return {
    number: 12,
    title: 'Add a thing',
    body: 'text',
    user: { login: 'maria', type: 'User' },
    merged: false,
    merge_commit_sha: null,
    updated_at: '2026-11-23T11:57:00Z',
    labels: [],
    head: { ref: branch, sha: SHA, repo: headRepo === null ? null : { id: headRepo } },
    base: { ref: 'main', sha: BEFORE, repo: { id: REPO_ID } },
    ...rest,
  };
}

/** One of ours, of the healing of `subject`. */
export const ownPull = (subject = 'pr/12', changes: Json = {}): Json =>
  pull({
    number: 124,
    branch: branchFor(`heal/acme/shop/${subject}`, 'key'),
    user: { login: LOGIN, type: 'Bot' },
    body: marker(subject),
    ...changes,
  });

/** Something that happened to a pull request, laid over a published payload of the same action where there is one. */
export function pullEvent(action: string, pullRequest: Json, changes: Json = {}): Json {
  return { ...derive('pull_request', (payload) => payload.action === action, { ...COMMON, ...changes }), pull_request: pullRequest };
}

/** A new comment on an issue; `issue` is laid over. */
export function comment(body: string, changes: { readonly comment?: Json; readonly issue?: Json; readonly action?: string } = {}): Json {
  return derive('issue_comment', (payload) => payload.action === 'created', {
    ...COMMON,
    action: changes.action ?? 'created',
    comment: {
      id: 77,
      body,
      created_at: '2026-11-23T11:56:00Z',
      author_association: 'MEMBER',
      user: { login: 'maria', type: 'User' },
      ...changes.comment,
    },
    issue: { number: 5, labels: [], user: { login: 'theo', type: 'User' }, ...changes.issue },
  });
}
