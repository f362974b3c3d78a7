import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appJwt, type Client, clientOf, installationClient } from '../../support/github/client.ts';
import type { RepositorySpec } from '../../support/github/repository.ts';
import { type GitHubStandIn, startGitHubStandIn } from '../../support/github/stand-in.ts';

interface Got {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: string;
}

let standIn: GitHubStandIn;
let app: Client;
const received: Got[] = [];
let answerWith = 202;
const receiver = createServer((request, response) => {
  let raw = '';
  request.on('data', (part: Buffer) => {
    raw += part.toString('utf8');
  });
  request.on('end', () => {
    received.push({ headers: request.headers, raw });
    response.writeHead(answerWith).end();
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  standIn = await startGitHubStandIn({
    checkItself: true,
    webhook: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, secret: 'quiet' },
  });
  app = await installationClient(standIn);
});
afterAll(async () => {
  await standIn.close();
  await new Promise((resolve) => receiver.close(resolve));
});

/** A fresh repository; `at` is its path. */
async function fresh(spec: RepositorySpec = {}) {
  const made = await standIn.repository(spec);
  return { ...made, at: `/repos/${made.fullName}` };
}

/** Events of a repository as the webhook got them, in order. */
async function eventsOf(repo: string): Promise<readonly string[]> {
  await standIn.settled();
  return standIn.events.filter((one) => one.repo === repo).map((one) => (one.action === null ? one.event : `${one.event}.${one.action}`));
}

describe('references of the stand-in', () => {
  it('moves a branch forward only, unless forced', async () => {
    const { at, head, hands } = await fresh();
    const [one, other] = [await hands.push('x', { 'b.txt': 'b' }), await hands.push('y', { 'c.txt': 'c' })];
    expect(await app(`PATCH ${at}/git/refs/heads%2Fx`, { sha: other, force: false })).toMatchObject({
      status: 422,
      body: { message: 'Update is not a fast forward' },
    });
    expect(await hands.headOf('x')).toBe(one);
    expect((await app(`PATCH ${at}/git/refs/heads%2Fx`, { sha: other, force: true })).status).toBe(200);
    expect((await app(`POST ${at}/git/refs`, { ref: 'refs/heads/x', sha: head })).body.message).toBe('Reference already exists');
    expect((await app(`PATCH ${at}/git/refs/heads%2Fabsent`, { sha: head })).body.message).toBe('Reference does not exist');
    expect((await app(`DELETE ${at}/git/refs/heads%2Fy`)).status).toBe(204);
    expect(await app(`DELETE ${at}/git/refs/heads%2Fy`)).toMatchObject({ status: 422 });
  });
  it.each(['protection', 'ruleset'] as const)('refuses to write to a branch under a %s', async (rules) => {
    const { at, hands } = await fresh({ rules });
    const sha = await hands.push('x', { 'b.txt': 'b' });
    expect((await app(`PATCH ${at}/git/refs/heads%2Fmain`, { sha, force: false })).status).toBe(422);
  });
  it('keeps modes, adds to a base tree and deletes from it', async () => {
    const { at, head, hands } = await fresh({ files: { 'a.txt': '1', 'dir/run': { executable: 'x' }, link: { link: 'a.txt' } } });
    const base = (await app(`GET ${at}/git/commits/${head}`)).body.tree.sha as string;
    const tree = await app(`POST ${at}/git/trees`, { base_tree: base, tree: [{ path: 'a.txt', mode: '100644', type: 'blob', sha: null }] });
    const listed = await app(`GET ${at}/git/trees/${tree.body.sha}?recursive=1`);
    expect(listed.body.tree.map((entry: { path: string; mode: string }) => `${entry.mode} ${entry.path}`)).toEqual([
      '040000 dir',
      '100755 dir/run',
      '120000 link',
    ]);
    expect(await hands.read('main', 'a.txt')).toBe('1');
  });
});

describe('pull requests of the stand-in', () => {
  it('refuses one without a branch, without a change, and twice', async () => {
    const { at, hands } = await fresh();
    const open = (head: string) => app(`POST ${at}/pulls`, { title: 't', head, base: 'main' });
    expect((await open('absent')).body.errors).toEqual([{ resource: 'PullRequest', field: 'head', code: 'invalid' }]);
    await hands.push('x', { 'b.txt': 'b' });
    expect((await open('x')).status).toBe(201);
    expect((await open('x')).body.errors[0].message).toBe('A pull request already exists for acme:x.');
    expect((await open('main')).body.errors[0].message).toBe('No commits between main and main');
  });
  it('tells a moved head, a missing check and a conflict apart when it is to merge', async () => {
    const { at, hands } = await fresh();
    const sha = await hands.push('x', { 'a.txt': 'two\n' });
    const number = await hands.openPull('x');
    const merge = (head: string) => app(`PUT ${at}/pulls/${number}/merge`, { sha: head });
    expect((await merge('0'.repeat(40))).status).toBe(409);
    expect(await merge(sha)).toMatchObject({ status: 405, body: { message: 'Required status check "test" is expected.' } });
    await hands.status(sha, 'test', 'failure');
    expect((await merge(sha)).body.message).toBe('Required status check "test" is failing.');
    await hands.status(sha, 'test', 'success');
    const main = await hands.push('main', { 'a.txt': 'three\n' });
    expect((await app(`GET ${at}/pulls/${number}`)).body).toMatchObject({
      mergeable: false,
      mergeable_state: 'dirty',
      head: { sha },
      base: { sha: main },
    });
    expect(await merge(sha)).toMatchObject({ status: 405, body: { message: 'Pull Request is not mergeable' } });
  });
  it('merges three ways and says so afterwards', async () => {
    const { at, hands, fullName } = await fresh({ deleteBranchOnMerge: true });
    const sha = await hands.push('x', { 'b.txt': 'b' });
    const number = await hands.openPull('x');
    await hands.push('main', { 'c.txt': 'c' });
    await hands.run({ sha, branch: 'x', jobs: [{ name: 'test', conclusion: 'success' }] });
    const merged = await app(`PUT ${at}/pulls/${number}/merge`, { sha, merge_method: 'squash' });
    expect(merged.status).toBe(200);
    expect(await hands.headOf('main')).toBe(merged.body.sha);
    expect([await hands.read('main', 'b.txt'), await hands.read('main', 'c.txt'), await hands.headOf('x')]).toEqual(['b', 'c', null]);
    expect((await app(`GET ${at}/pulls/${number}`)).body).toMatchObject({
      merged: true,
      state: 'closed',
      merge_commit_sha: merged.body.sha,
      merged_by: { login: 'suture-healer[bot]' },
    });
    expect(await eventsOf(fullName)).toContain('pull_request.closed');
  });
  it('closes one whose branch is deleted, and sees one merged whose commits landed', async () => {
    const { hands } = await fresh();
    await hands.push('x', { 'b.txt': 'b' });
    await hands.push('y', { 'c.txt': 'c' });
    const [closed, landed] = [await hands.openPull('x'), await hands.openPull('y')];
    await hands.deleteBranch('x');
    await hands.mergeBranch('y');
    expect(await hands.pull(closed)).toMatchObject({ state: 'closed', merged: false });
    expect(await hands.pull(landed)).toMatchObject({ state: 'closed', merged: true });
  });
  it('turns auto-merge on only for what cannot merge yet, and merges when the check is green', async () => {
    const { hands } = await fresh({ allow: { auto: true } });
    const sha = await hands.push('x', { 'b.txt': 'b' });
    const number = await hands.openPull('x');
    const { node_id: pullRequestId } = await hands.pull(number);
    const enable = (variables: object) =>
      app('POST /graphql', {
        query: 'mutation($input: EnablePullRequestAutoMergeInput!) { enablePullRequestAutoMerge(input: $input) { clientMutationId } }',
        variables,
      });
    expect((await enable({ input: { pullRequestId, expectedHeadOid: '0'.repeat(40) } })).body.errors).toHaveLength(1);
    expect((await enable({ input: { pullRequestId, expectedHeadOid: sha, mergeMethod: 'SQUASH' } })).body.errors).toBeUndefined();
    await hands.status(sha, 'test', 'success');
    expect(await hands.pull(number)).toMatchObject({ merged: true });
    await hands.push('z', { 'd.txt': 'd' });
    const clean = await hands.openPull('z');
    await hands.status((await hands.headOf('z')) ?? '', 'test', 'success');
    const refused = await enable({ input: { pullRequestId: (await hands.pull(clean)).node_id } });
    expect(refused.body.errors[0].message).toBe('Pull request Pull request is in clean status');
  });
  it('merges through a queue only, where a rule asks for it', async () => {
    const { at, hands } = await fresh({ rules: 'ruleset', mergeQueue: true });
    const sha = await hands.push('x', { 'b.txt': 'b' });
    const number = await hands.openPull('x');
    await hands.status(sha, 'test', 'success');
    expect(await app(`PUT ${at}/pulls/${number}/merge`, { sha })).toMatchObject({
      status: 405,
      body: { message: 'Changes must be made through the merge queue' },
    });
    const variables = { id: (await hands.pull(number)).node_id, head: sha, method: 'MERGE' };
    const query =
      'mutation($id: ID!, $head: GitObjectID, $method: PullRequestMergeMethod) { enablePullRequestAutoMerge(input: {pullRequestId: $id, expectedHeadOid: $head, mergeMethod: $method}) { clientMutationId } }';
    expect((await app('POST /graphql', { query, variables })).body.errors).toBeUndefined();
    expect(await hands.pull(number)).toMatchObject({ merged: true });
  });
  it('asks collaborators for a review, and nobody else', async () => {
    const { at, hands, fullName } = await fresh();
    await hands.push('x', { 'b.txt': 'b' });
    const number = await hands.openPull('x', { by: 'suture-bot' });
    const want = (login: string) => app(`POST ${at}/pulls/${number}/requested_reviewers`, { reviewers: [login] });
    expect([(await want('olaf')).status, (await want('suture-bot')).status, (await want('maria')).status]).toEqual([422, 422, 201]);
    expect(await hands.pull(number)).toMatchObject({ requested_reviewers: [{ login: 'maria' }] });
    expect(await eventsOf(fullName)).toContain('pull_request.review_requested');
  });
  it('takes one from a fork of an outsider and tells it apart', async () => {
    const { hands } = await fresh({ private: false });
    const number = await hands.openFork('x', { 'b.txt': 'b' });
    const pull = await hands.pull(number);
    expect(pull).toMatchObject({ user: { login: 'olaf' }, head: { repo: { fork: true } } });
    expect(pull.head.repo.full_name).not.toBe(pull.base.repo.full_name);
  });
});

describe('what the stand-in adds', () => {
  it('combines commit statuses: the latest of each context, the worst of all', async () => {
    const { at, head } = await fresh();
    const post = (context: string, state: string) => app(`POST ${at}/statuses/${head}`, { context, state });
    expect((await app(`GET ${at}/commits/main/status`)).body).toMatchObject({ state: 'pending', total_count: 0 });
    await post('ci', 'failure');
    expect((await post('ci', 'success')).status).toBe(201);
    expect((await app(`GET ${at}/commits/${head}/status`)).body).toMatchObject({ state: 'success', total_count: 1 });
    await post('other', 'error');
    expect((await app(`GET ${at}/commits/${head}/status`)).body.state).toBe('failure');
    expect((await app(`POST ${at}/statuses/${'0'.repeat(40)}`, { state: 'success' })).status).toBe(422);
  });
  it('deploys, merges the base instead, or refuses while checks are red', async () => {
    const { at, head, hands, fullName } = await fresh();
    const made = await app(`POST ${at}/deployments`, { ref: head, environment: 'production', auto_merge: false, payload: { k: 1 } });
    expect(made).toMatchObject({ status: 201, body: { sha: head, payload: { k: 1 }, environment: 'production' } });
    expect((await app(`POST ${at}/deployments/${made.body.id}/statuses`, { state: 'success' })).status).toBe(201);
    const second = await hands.deploy(head, 'production');
    await hands.deploymentStatus(second, 'success');
    expect((await app(`GET ${at}/deployments/${made.body.id}/statuses`)).body.map((one: { state: string }) => one.state)).toEqual([
      'inactive',
      'success',
    ]);
    expect((await app(`GET ${at}/deployments?environment=production&sha=${head}`)).body).toHaveLength(2);
    await hands.push('x', { 'b.txt': 'b' });
    await hands.push('main', { 'c.txt': 'c' });
    expect((await app(`POST ${at}/deployments`, { ref: 'x' })).status).toBe(202);
    await hands.status(head, 'ci', 'failure');
    expect((await app(`POST ${at}/deployments`, { ref: head })).status).toBe(409);
    expect((await app(`POST ${at}/deployments`, { ref: 'absent' })).status).toBe(422);
    expect(await eventsOf(fullName)).toEqual(expect.arrayContaining(['deployment.created', 'deployment_status.created']));
  });
  it('leads to an archive on another host, in one folder, without what export-ignore names', async () => {
    const { at, head } = await fresh({
      files: { '.gitattributes': 'docs export-ignore\n', 'docs/x.md': 'x', run: { executable: 'r' }, link: { link: 'run' } },
    });
    const found = await app(`GET ${at}/tarball/${head}`);
    expect(found.status).toBe(302);
    const link = found.headers.get('location') ?? '';
    expect(new URL(link).origin).not.toBe(standIn.url);
    const entries = extract();
    Readable.fromWeb((await fetch(link)).body as never)
      .pipe(createGunzip())
      .pipe(entries);
    const names: string[] = [];
    for await (const entry of entries) {
      names.push(`${entry.header.type} ${entry.header.name}`);
      await buffer(entry);
    }
    const top = `acme-${at.split('/').at(-1)}-${head.slice(0, 7)}`;
    expect(names).toEqual([`directory ${top}/`, `file ${top}/.gitattributes`, `symlink ${top}/link`, `file ${top}/run`]);
  });
  it('keeps runs with attempts, jobs, steps, annotations and logs', async () => {
    const { at, head, hands } = await fresh();
    const run = await hands.run({
      sha: head,
      jobs: [
        { name: 'lint', conclusion: 'success' },
        {
          name: 'test',
          conclusion: 'failure',
          log: 'one\ntwo\n',
          steps: [{ name: 'npm test', conclusion: 'failure' }],
          annotations: [{ path: 'a.txt', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'bad', raw_details: 'x' }],
        },
      ],
    });
    const { jobs } = (await app(`GET ${at}/actions/runs/${run.id}/jobs`)).body;
    const job = jobs.find((one: { name: string }) => one.name === 'test');
    expect(job).toMatchObject({ conclusion: 'failure', run_attempt: 1, steps: [{ name: 'npm test', conclusion: 'failure', number: 1 }] });
    const checkRun = Number(job.check_run_url.split('/').at(-1));
    expect((await app(`GET ${at}/check-runs/${checkRun}/annotations`)).body).toMatchObject([
      { path: 'a.txt', raw_details: 'x', start_column: null },
    ]);
    expect((await app(`GET ${at}/commits/${head}/check-runs?check_name=test`)).body.check_runs).toMatchObject([
      { id: checkRun, app: { slug: 'github-actions' }, check_suite: { id: run.suite } },
    ]);
    const log = await app(`GET ${at}/actions/jobs/${job.id}/logs`);
    expect(await (await fetch(log.headers.get('location') ?? '')).text()).toMatch(/^\S+Z one\n\S+Z two\n$/);
    expect((await app(`GET ${at}/actions/runs/${run.id}/logs`)).status).toBe(302);
    expect((await app(`POST ${at}/actions/runs/${run.id}/rerun-failed-jobs`)).status).toBe(201);
    expect((await app(`POST ${at}/actions/runs/${run.id}/rerun-failed-jobs`)).status).toBe(403);
    await hands.carryOut(run, [{ name: 'test', conclusion: 'success' }]);
    expect((await app(`GET ${at}/actions/runs/${run.id}`)).body).toMatchObject({ run_attempt: 2, conclusion: 'success' });
    expect((await app(`GET ${at}/actions/runs/${run.id}/attempts/1/jobs`)).body.total_count).toBe(2);
    expect((await app(`GET ${at}/actions/workflows/ci.yml/runs?status=success`)).body.total_count).toBe(1);
    hands.expireLogs(run);
    expect((await app(`GET ${at}/actions/jobs/${job.id}/logs`)).status).toBe(410);
  });
  it('dispatches a workflow and says which run it made', async () => {
    const { at, head, hands } = await fresh();
    await hands.run({ sha: head, path: '.github/workflows/deploy.yml', jobs: [] });
    const dispatch = (workflow: string, ref: string, more = {}) =>
      app(`POST ${at}/actions/workflows/${workflow}/dispatches`, { ref, ...more });
    expect((await dispatch('absent.yml', 'main')).status).toBe(404);
    expect((await dispatch('deploy.yml', 'absent')).status).toBe(422);
    expect((await dispatch('deploy.yml', 'main')).status).toBe(204);
    const made = await dispatch('deploy.yml', 'main', { return_run_details: true });
    expect(made).toMatchObject({ status: 200, body: { workflow_run_id: hands.runs().at(-1)?.id } });
  });
  it('shows rules of a branch to everybody who sees the repository', async () => {
    const { at } = await fresh({ rules: 'ruleset', mergeQueue: true });
    const { body } = await app(`GET ${at}/rules/branches/main`);
    expect(body.map((rule: { type: string }) => rule.type)).toEqual(['required_status_checks', 'pull_request', 'merge_queue']);
    expect((await app(`GET ${at}/branches/main`)).body.protected).toBe(true);
  });
  it('says what people may do, and keeps one reaction of each', async () => {
    const { at, hands } = await fresh();
    const role = async (login: string) => (await app(`GET ${at}/collaborators/${login}/permission`)).body.role_name;
    expect([await role('maria'), await role('theo'), await role('olaf'), await role('suture-bot')]).toEqual([
      'maintain',
      'triage',
      '',
      'write',
    ]);
    expect((await app(`GET ${at}/collaborators/nobody/permission`)).status).toBe(404);
    const comment = await hands.comment(await hands.openIssue('t', 'b'), '/suture heal');
    const react = () => app(`POST ${at}/issues/comments/${comment}/reactions`, { content: 'eyes' });
    expect([(await react()).status, (await react()).status]).toEqual([201, 200]);
    expect((await app(`GET ${at}/issues/comments/${comment}/reactions`)).body).toHaveLength(1);
  });
  it('pages with links', async () => {
    const { at, head, hands } = await fresh();
    for (const context of ['a', 'b', 'c']) await hands.status(head, context, 'success');
    const first = await app(`GET ${at}/commits/${head}/statuses?per_page=2`);
    expect(first.body).toHaveLength(2);
    expect(first.headers.get('link')).toMatch(/page=2>; rel="next"/);
    expect((await app(`GET ${at}/commits/${head}/statuses?per_page=2&page=2`)).body).toHaveLength(1);
  });
});

describe('credentials at the stand-in', () => {
  it('narrows an installation token to repositories and permissions', async () => {
    const [one, other] = [await fresh(), await fresh()];
    const narrow = await installationClient(standIn, { contents: 'read', metadata: 'read' }, [one.name]);
    expect((await narrow(`GET ${one.at}/commits`)).status).toBe(200);
    expect((await narrow(`GET ${other.at}/commits`)).status).toBe(404);
    expect(await narrow(`POST ${one.at}/git/blobs`, { content: 'x' })).toMatchObject({
      status: 403,
      body: { message: 'Resource not accessible by integration' },
    });
    expect((await narrow('GET /installation/repositories')).body).toMatchObject({
      total_count: 1,
      repositories: [{ full_name: one.fullName }],
    });
    await expect(installationClient(standIn, { administration: 'write' })).rejects.toThrow('not granted');
  });
  it('refuses unknown, revoked, overlong and absent credentials', async () => {
    const { at } = await fresh();
    const short = await installationClient(standIn, { metadata: 'read' });
    expect((await short('DELETE /installation/token')).status).toBe(204);
    expect((await short(`GET ${at}`)).status).toBe(401);
    expect((await clientOf(standIn, 'ghp_wrong')(`GET ${at}`)).status).toBe(401);
    expect((await clientOf(standIn, appJwt(standIn, 3600))('GET /app')).status).toBe(401);
    expect((await clientOf(standIn, `${appJwt(standIn).slice(0, -4)}AAAA`)('GET /app')).status).toBe(401);
    expect((await clientOf(standIn, appJwt(standIn))('GET /app')).body.slug).toBe('suture-healer');
    expect((await clientOf(standIn)(`GET ${at}`)).status).toBe(404);
    expect((await clientOf(standIn, standIn.tokens['olaf'])(`GET ${at}`)).status).toBe(404);
    expect((await clientOf(standIn, standIn.tokens['suture-bot'])(`GET ${at}`)).status).toBe(200);
  });
  it('lets only an App write check runs, and only its own', async () => {
    const { at, head, hands } = await fresh();
    const body = { name: 'Suture', head_sha: head, status: 'in_progress' };
    expect((await clientOf(standIn, standIn.tokens['suture-bot'])(`POST ${at}/check-runs`, body)).status).toBe(403);
    const made = await app(`POST ${at}/check-runs`, body);
    expect(made).toMatchObject({ status: 201, body: { app: { id: standIn.app.id } } });
    expect((await app(`PATCH ${at}/check-runs/${made.body.id}`, { conclusion: 'neutral' })).body.status).toBe('completed');
    await hands.run({ sha: head, jobs: [{ name: 'test', conclusion: 'failure' }] });
    const [foreign] = (await app(`GET ${at}/commits/${head}/check-runs?check_name=test`)).body.check_runs;
    expect((await app(`PATCH ${at}/check-runs/${foreign.id}`, { conclusion: 'success' })).status).toBe(403);
  });
});

describe('webhooks of the stand-in', () => {
  it('signs what it sends as GitHub does', async () => {
    const { hands, fullName } = await fresh();
    await hands.push('x', { 'b.txt': 'b' });
    await standIn.settled();
    const got = received.find((one) => one.headers['x-github-event'] === 'push' && one.raw.includes(fullName));
    expect(got?.headers['content-type']).toBe('application/json');
    expect(got?.headers['x-github-delivery']).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(got?.headers['x-hub-signature-256']).toBe(
      `sha256=${createHmac('sha256', 'quiet')
        .update(got?.raw ?? '')
        .digest('hex')}`,
    );
    expect(JSON.parse(got?.raw ?? '')).toMatchObject({
      ref: 'refs/heads/x',
      created: true,
      repository: { full_name: fullName },
      sender: { login: 'maria' },
      installation: { id: 777 },
    });
  });
  it('tells a failed workflow in a dozen events', async () => {
    const { head, hands, fullName } = await fresh();
    await hands.run({
      sha: head,
      jobs: [
        { name: 'lint', conclusion: 'success' },
        { name: 'test', conclusion: 'failure' },
      ],
    });
    const events = await eventsOf(fullName);
    expect(events.length).toBeGreaterThanOrEqual(12);
    for (const event of [
      'workflow_run.requested',
      'workflow_run.completed',
      'workflow_job.completed',
      'check_run.created',
      'check_run.completed',
      'check_suite.completed',
    ])
      expect(events).toContain(event);
    const last = standIn.events.findLast((one) => one.repo === fullName && one.event === 'workflow_run');
    expect(last?.payload.workflow_run).toMatchObject({
      conclusion: 'failure',
      head_sha: head,
      run_attempt: 1,
      path: '.github/workflows/ci.yml',
    });
  });
  it('tells what people do to pull requests and issues', async () => {
    const { hands, fullName } = await fresh();
    await hands.push('x', { 'b.txt': 'b' });
    const number = await hands.openPull('x');
    await hands.push('x', { 'b.txt': 'c' });
    await hands.label(number, 'suture');
    await hands.comment(number, 'hello', 'theo');
    await hands.review(number, 'APPROVE');
    await hands.forcePush('x', (await hands.headOf('main')) ?? '', { 'b.txt': 'd' });
    await hands.closePull(number);
    await hands.openIssue('t', 'b', ['bug']);
    expect(await eventsOf(fullName)).toEqual(
      expect.arrayContaining([
        'create',
        'push',
        'pull_request.opened',
        'pull_request.synchronize',
        'pull_request.labeled',
        'issue_comment.created',
        'pull_request_review.submitted',
        'pull_request.closed',
        'issues.opened',
        'issues.labeled',
      ]),
    );
    const forced = standIn.events.findLast((one) => one.repo === fullName && one.event === 'push');
    expect(forced?.payload.forced).toBe(true);
    const closed = standIn.events.find((one) => one.repo === fullName && one.action === 'closed');
    expect(closed?.payload).toMatchObject({ number, sender: { login: 'maria' }, pull_request: { merged: false, state: 'closed' } });
  });
  it('records deliveries and sends one again with its first identity', async () => {
    const { hands, fullName } = await fresh();
    const found = standIn.loseDeliveries((delivery) => delivery.event === 'push');
    await hands.push('x', { 'b.txt': 'b' });
    await standIn.settled();
    found();
    const asApp = clientOf(standIn, appJwt(standIn));
    const listed = await asApp('GET /app/hook/deliveries?per_page=5&status=failure');
    const lost = listed.body.find((one: { event: string }) => one.event === 'push');
    expect(lost).toMatchObject({ status_code: 502, redelivery: false });
    expect((await asApp(`POST /app/hook/deliveries/${lost.id}/attempts`)).status).toBe(202);
    await standIn.settled();
    expect(standIn.deliveries.filter((one) => one.guid === lost.guid).map((one) => [one.redelivery, one.statusCode])).toEqual([
      [false, 502],
      [true, 202],
    ]);
    answerWith = 500;
    await hands.push('y', { 'c.txt': 'c' });
    await standIn.settled();
    answerWith = 202;
    expect(standIn.deliveries.findLast((one) => one.payload.repository.full_name === fullName)?.statusCode).toBe(500);
  });
  it('registers one hook of an address on a repository and delivers to it', async () => {
    const { at, hands } = await fresh();
    const config = { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/own`, content_type: 'json', secret: 'other' };
    const made = await app(`POST ${at}/hooks`, { name: 'web', config, events: ['push'], active: true });
    expect(made).toMatchObject({ status: 201, body: { config: { secret: '********' }, events: ['push'] } });
    expect((await app(`POST ${at}/hooks`, { name: 'web', config, events: ['push'] })).status).toBe(422);
    await hands.push('x', { 'b.txt': 'b' });
    await standIn.settled();
    expect((await app(`GET ${at}/hooks/${made.body.id}/deliveries`)).body.map((one: { event: string }) => one.event)).toEqual([
      'push',
      'ping',
    ]);
    expect((await app(`DELETE ${at}/hooks/${made.body.id}`)).status).toBe(204);
  });
});

it('answers and tells as the published specification has it', () => {
  if (!standIn.specAvailable) {
    process.stdout.write("GitHub's published specification is not at hand: requests were not checked against it\n");
    return;
  }
  expect([...standIn.inaccuracies]).toEqual([]);
  expect(standIn.violations).toEqual([]);
});
