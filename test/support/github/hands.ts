import { endJob, endRun, requestRun, runJob, workflowOf } from './actions-run.ts';
import type { JobSpec, Run } from './actions-state.ts';
import { type Files, treeItems } from './files.ts';
import { pushToFork } from './fork.ts';
import { mergeTrees } from './merge-trees.ts';
import { markMerged, memoryOf, readPull } from './pulls.ts';
import { refMoved } from './refs.ts';
import type { Router } from './router.ts';
import type { Identity, Json } from './wire.ts';
import { commitOf, type World } from './world.ts';

const ZERO = '0'.repeat(40);

/** A whole run of a workflow, as a test tells it. */
export interface RunSpec {
  readonly sha: string;
  readonly jobs: readonly JobSpec[];
  /** Default `main`. */
  readonly branch?: string;
  /** Default `CI`. */
  readonly workflow?: string;
  /** Default `.github/workflows/ci.yml`. */
  readonly path?: string;
  /** Default `push`. */
  readonly event?: string;
  /** Default the worst of the jobs; null: the run stays in progress. */
  readonly conclusion?: string | null;
  /** Default `maria`. */
  readonly actor?: string;
}

/** What people and the repository's own machinery do, with the events of it. `by` is a login, default `maria`, who may write. */
export interface Hands {
  /** One commit; a new branch starts at `main`. Protection does not hold people up here. */
  push(branch: string, files: Files, options?: { readonly by?: string; readonly message?: string }): Promise<string>;
  /** A commit beside the history of the branch: its parent is `onto`. */
  forcePush(branch: string, onto: string, files: Files, by?: string): Promise<string>;
  /** A commit on `main` that takes back what `sha` did, by restoring its parent's files. */
  revert(sha: string, by?: string): Promise<string>;
  mergeBranch(branch: string, by?: string): Promise<string>;
  deleteBranch(branch: string, by?: string): Promise<void>;
  /** An annotated tag. */
  tag(name: string, sha: string): Promise<void>;
  openPull(
    branch: string,
    options?: { readonly title?: string; readonly body?: string; readonly by?: string; readonly draft?: boolean },
  ): Promise<number>;
  /** An outsider forks, pushes and opens. Needs a public repository. */
  openFork(branch: string, files: Files, options?: { readonly title?: string; readonly by?: string }): Promise<number>;
  closePull(number: number, by?: string): Promise<void>;
  mergePull(number: number, by?: string): Promise<string>;
  openIssue(title: string, body: string, labels?: readonly string[], by?: string): Promise<number>;
  label(number: number, label: string, by?: string): Promise<void>;
  comment(number: number, body: string, by?: string): Promise<number>;
  review(number: number, event: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT', by?: string, body?: string): Promise<number>;
  /** A whole workflow run with its dozen events. */
  run(spec: RunSpec): Promise<Run>;
  /** What a rerun or a dispatch asked for is carried out. */
  carryOut(run: Run, jobs: readonly JobSpec[], conclusion?: string): Promise<void>;
  runs(): readonly Run[];
  /** Logs are gone, as after 90 days. */
  expireLogs(run: Run): void;
  /** A commit status of another system. */
  status(sha: string, context: string, state: 'pending' | 'success' | 'failure' | 'error', by?: string): Promise<void>;
  /** A deployment is told of. */
  deploymentStatus(id: number, state: string, fields?: Json, by?: string): Promise<void>;
  deploy(sha: string, environment: string, by?: string): Promise<number>;
  pull(number: number): Promise<Json>;
  comments(number: number): Promise<readonly Json[]>;
  headOf(branch: string): Promise<string | null>;
  /** Text of a file; null when it is absent. */
  read(revision: string, path: string): Promise<string | null>;
}

/** Hands in one repository. */
export function handsOf(world: World, router: Router, repo: string): Hands {
  const { upstream } = world;
  const person = (login = 'maria'): Identity => ({ kind: 'user', login });
  const ref = (branch: string): string => `/repos/${repo}/git/refs/heads/${branch.split('/').map(encodeURIComponent).join('/')}`;
  const headOf = (branch: string): Promise<string | null> => commitOf(world, repo, `refs/heads/${branch}`);

  /** A request of a person through the same routes as everybody's. */
  async function ask(method: string, path: string, body: Json, by?: string): Promise<Json> {
    const target = `/repos/${repo}${path}`;
    const found = router.find(method, target.split('?')[0] ?? '');
    if (found === null) throw new Error(`${method} ${target}: no such operation`);
    const query = new URL(target, 'http://stand-in').searchParams;
    const answer = await found.handler({ method, target, query, params: found.params, headers: {}, body, who: person(by), repo });
    if (answer.status >= 400) throw new Error(`${method} ${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async function commitFiles(parent: string, files: Files, message: string, by: string): Promise<string> {
    const { tree: base } = (await upstream.admin('GET', `/repos/${repo}/git/commits/${parent}`)) as Json;
    const items = await treeItems(world, repo, files);
    const tree = items.length === 0 ? base : await upstream.admin('POST', `/repos/${repo}/git/trees`, { base_tree: base.sha, tree: items });
    return commitTree(tree.sha, [parent], message, by);
  }

  async function commitTree(tree: string, parents: readonly string[], message: string, by: string): Promise<string> {
    const author = { name: by, email: `${by}@example.com`, date: new Date(world.now()).toISOString() };
    return (await upstream.admin('POST', `/repos/${repo}/git/commits`, { message, tree, parents, author })).sha as string;
  }

  async function move(branch: string, sha: string, by: string): Promise<void> {
    const before = await headOf(branch);
    if (before === null) await upstream.admin('POST', `/repos/${repo}/git/refs`, { ref: `refs/heads/${branch}`, sha });
    else await upstream.admin('PATCH', ref(branch), { sha, force: true });
    await refMoved(world, repo, `refs/heads/${branch}`, before ?? ZERO, sha, person(by));
  }

  const must = async (branch: string): Promise<string> => {
    const sha = await headOf(branch);
    if (sha === null) throw new Error(`${repo} has no branch ${branch}`);
    return sha;
  };

  const hands: Hands = {
    headOf,
    async push(branch, files, { by = 'maria', message } = {}) {
      const parent = (await headOf(branch)) ?? (await must('main'));
      const sha = await commitFiles(parent, files, message ?? `Change ${Object.keys(files).join(', ').slice(0, 60)}`, by);
      await move(branch, sha, by);
      return sha;
    },
    async forcePush(branch, onto, files, by = 'maria') {
      const sha = await commitFiles(onto, files, 'Rewritten', by);
      await move(branch, sha, by);
      return sha;
    },
    async revert(sha, by = 'maria') {
      const { files } = await upstream.admin('GET', `/repos/${repo}/commits/${sha}`);
      const parent = (await upstream.admin('GET', `/repos/${repo}/git/commits/${sha}`)).parents[0].sha as string;
      const restored: Record<string, string | null> = {};
      for (const { filename } of files) restored[filename] = await hands.read(parent, filename);
      return hands.push('main', restored, { by, message: `Revert ${sha.slice(0, 10)}` });
    },
    async mergeBranch(branch, by = 'maria') {
      const [main, head] = [await must('main'), await must(branch)];
      const tree = await mergeTrees(world, repo, main, head);
      if (tree === null) throw new Error(`${branch} conflicts with main`);
      const sha = await commitTree(tree, [main, head], `Merge branch '${branch}'`, by);
      await move('main', sha, by);
      return sha;
    },
    async deleteBranch(branch, by = 'maria') {
      await ask('DELETE', `/git/refs/heads/${branch}`, null, by);
    },
    async tag(name, sha) {
      const made = await upstream.admin('POST', `/repos/${repo}/git/tags`, { tag: name, message: name, object: sha, type: 'commit' });
      await upstream.admin('POST', `/repos/${repo}/git/refs`, { ref: `refs/tags/${name}`, sha: made.sha });
    },
    async openPull(branch, { title = `Change ${branch}`, body = '', by, draft = false } = {}) {
      return (await ask('POST', '/pulls', { title, body, head: branch, base: 'main', draft }, by)).number as number;
    },
    async openFork(branch, files, { title = 'From outside', by = 'olaf' } = {}) {
      await pushToFork(world, repo, branch, files, title, by);
      return (await ask('POST', '/pulls', { title, body: '', head: `${by}:${branch}`, base: 'main' }, by)).number as number;
    },
    async closePull(number, by = 'maria') {
      memoryOf(world, repo, number).closer = by;
      await ask('PATCH', `/pulls/${number}`, { state: 'closed' }, by);
    },
    async mergePull(number, by = 'maria') {
      const pull = await readPull(world, repo, number);
      const tree = await mergeTrees(world, repo, pull.base.sha, pull.head.sha);
      if (tree === null) throw new Error(`pull request ${number} conflicts`);
      const sha = await commitTree(tree, [pull.base.sha, pull.head.sha], `Merge pull request #${number}`, by);
      await upstream.admin('PATCH', ref(pull.base.ref), { sha, force: false });
      await markMerged(world, repo, number, sha, by);
      await refMoved(world, repo, `refs/heads/${pull.base.ref}`, pull.base.sha, sha, person(by));
      return sha;
    },
    async openIssue(title, body, labels = [], by) {
      const { number } = await ask('POST', '/issues', { title, body }, by);
      for (const name of labels) await hands.label(number, name, by);
      return number as number;
    },
    async label(number, label, by) {
      await ask('POST', `/issues/${number}/labels`, { labels: [label] }, by);
    },
    comment: async (number, body, by) => (await ask('POST', `/issues/${number}/comments`, { body }, by)).id as number,
    review: async (number, event, by, body = event.toLowerCase()) =>
      (await ask('POST', `/pulls/${number}/reviews`, { event, body }, by)).id as number,
    async run(spec) {
      const workflow = workflowOf(world, repo, spec.path ?? '.github/workflows/ci.yml', spec.workflow ?? 'CI');
      const run = await requestRun(world, {
        repo,
        sha: spec.sha,
        branch: spec.branch ?? 'main',
        workflow,
        event: spec.event ?? 'push',
        actor: spec.actor ?? 'maria',
      });
      for (const job of spec.jobs) await runJob(world, run, job);
      if (spec.conclusion !== null) await endRun(world, run, spec.conclusion);
      return run;
    },
    async carryOut(run, jobs, conclusion) {
      for (const job of jobs) {
        const going = run.jobs.find((one) => one.attempt === run.attempt && one.name === job.name && one.status !== 'completed');
        if (going === undefined) await runJob(world, run, job);
        else await endJob(world, run, going, job);
      }
      await endRun(world, run, conclusion);
    },
    runs: () => world.actions.runs.filter((run) => run.repo === repo),
    expireLogs(run) {
      run.logsExpired = true;
    },
    async status(sha, context, state, by) {
      await ask('POST', `/statuses/${sha}`, { state, context }, by);
    },
    async deploymentStatus(id, state, fields = {}, by) {
      await ask('POST', `/deployments/${id}/statuses`, { state, ...fields }, by);
    },
    deploy: async (sha, environment, by) =>
      (await ask('POST', '/deployments', { ref: sha, environment, auto_merge: false, required_contexts: [] }, by)).id as number,
    pull: (number) => readPull(world, repo, number),
    comments: (number) => upstream.admin('GET', `/repos/${repo}/issues/${number}/comments?per_page=100`),
    async read(revision, path) {
      const tree = await upstream.find(`/repos/${repo}/git/trees/${revision}?recursive=1`);
      const entry = tree?.tree.find((one: Json) => one.path === path);
      if (entry === undefined) return null;
      return Buffer.from((await upstream.admin('GET', `/repos/${repo}/git/blobs/${entry.sha}`)).content, 'base64').toString('utf8');
    },
  };
  return hands;
}
