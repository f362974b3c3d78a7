import { FORGE_ACTOR, SUTURE_ACTOR, SUTURE_BRANCHES, trustOf } from './actors.ts';
import { readAllJson, readJson, writeJson } from './atomic-file.ts';
import { clearPending, readCheck, readPending } from './checks.ts';
import { readDeployments } from './deployments.ts';
import type { EventPull, ForgeEvent } from './event.schema.ts';
import { gitText } from './git.ts';
import { sha256 } from './paths.ts';
import { type CheckRecord, type DeploymentRecord, ObservedRecord, PullRecord } from './records.schema.ts';
import type { OpenRepository } from './repo-store.ts';

/** What the repository looks like now. */
interface Seen {
  readonly heads: ReadonlyMap<string, string>;
  readonly pulls: readonly PullRecord[];
  readonly deployments: readonly DeploymentRecord[];
}

/** What came out of one look at a repository. */
export interface Observation {
  readonly events: readonly ForgeEvent[];
  /** Heads of branches and open pull requests whose checks are due. */
  readonly newHeads: readonly string[];
  /** Remember that all this was dealt with; before it, the same observation comes again. */
  commit(): Promise<void>;
}

/** Heads of all branches by name. */
export async function readHeads(gitDir: string): Promise<ReadonlyMap<string, string>> {
  const output = await gitText(gitDir, ['for-each-ref', '--format=%(objectname) %(refname:lstrip=2)', 'refs/heads/']);
  return new Map(output === '' ? [] : output.split('\n').map((line): [string, string] => [line.slice(41), line.slice(0, 40)]));
}

async function look({ folders }: OpenRepository): Promise<Seen> {
  const heads = await readHeads(folders.gitDir);
  const records = await readAllJson(folders.pulls, PullRecord);
  const pulls = records.map((pull) =>
    pull.state === 'open' && !pull.fromFork ? { ...pull, headSha: heads.get(pull.headBranch) ?? pull.headSha } : pull,
  );
  return { heads, pulls, deployments: await readDeployments(folders) };
}

function eventPull(pull: PullRecord): EventPull {
  const { number, state, headBranch, headSha, baseBranch, author, fromFork, mergeSha, marker } = pull;
  return { number, state, headBranch, headSha, baseBranch, author, fork: fromFork, mergeSha, marker: marker?.slice(0, 500) ?? null };
}

/** What every event carries; the delivery id follows from what happened, so that a repeated look gives the same one. */
function envelope({ repo, settings }: OpenRepository, actor: string, at: string, what: string, trust = trustOf(settings, actor)) {
  const hash = sha256(`${repo.owner}/${repo.name} ${what}`);
  const delivery = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-${hash.slice(12, 16)}-${hash.slice(16, 20)}-${hash.slice(20, 32)}`;
  return { delivery, repository: repo, at, actor: { id: actor, trust } };
}

function pushEvents(open: OpenRepository, seen: Seen, before: ObservedRecord, now: string): ForgeEvent[] {
  const names = new Set([...Object.keys(before.heads), ...seen.heads.keys()]);
  return [...names].flatMap((branch): ForgeEvent[] => {
    const from = before.heads[branch] ?? null;
    const to = seen.heads.get(branch) ?? null;
    if (from === to) {
      return [];
    }
    const actor = branch.startsWith(SUTURE_BRANCHES) ? SUTURE_ACTOR : FORGE_ACTOR;
    const action = from === null ? 'created' : to === null ? 'deleted' : 'updated';
    return [{ ...envelope(open, actor, now, `push ${branch} ${from} ${to}`), event: 'push', action, branch, before: from, after: to }];
  });
}

function pullEvents(open: OpenRepository, seen: Seen, before: ObservedRecord, first: boolean, now: string): ForgeEvent[] {
  return seen.pulls.flatMap((pull): ForgeEvent[] => {
    const known = before.pulls[String(pull.number)];
    const at = known?.state === pull.state && pull.state === 'open' ? now : pull.updatedAt;
    const event = (action: 'opened' | 'synchronize' | 'closed' | 'merged' | 'reopened', actor: string): ForgeEvent => ({
      ...envelope(open, actor, at, `pull_request ${pull.number} ${action} ${pull.headSha} ${pull.updatedAt}`),
      event: 'pull_request',
      action,
      pullRequest: eventPull(pull),
    });
    if (pull.state !== 'open') {
      return known?.state === pull.state || (known === undefined && first) ? [] : [event(pull.state, pull.closedBy ?? FORGE_ACTOR)];
    }
    if (known === undefined) {
      return [event('opened', pull.author)];
    }
    if (known.state === 'closed') {
      return [event('reopened', pull.author)];
    }
    return known.headSha === pull.headSha ? [] : [event('synchronize', pull.author)];
  });
}

function deploymentEvents(open: OpenRepository, seen: Seen, before: ObservedRecord, first: boolean): ForgeEvent[] {
  return seen.deployments.flatMap((record): ForgeEvent[] => {
    const { id, sha, environment, detail, state } = record;
    if ((state !== 'success' && state !== 'failure') || before.deployments[id] === state || first) {
      return [];
    }
    const pull = seen.pulls.find((candidate) => candidate.mergeSha === sha);
    return [
      {
        ...envelope(open, record.actor, record.updatedAt, `deployment ${id} ${state}`),
        event: 'deployment_status',
        action: state,
        deployment: { id, sha, environment, detail: detail?.slice(0, 500) ?? null },
        pullRequest: pull === undefined ? null : eventPull(pull),
        defaultBranch: open.settings.defaultBranch,
      },
    ];
  });
}

function checkEvent(
  open: OpenRepository,
  seen: Seen,
  record: CheckRecord & { readonly conclusion: NonNullable<CheckRecord['conclusion']> },
): ForgeEvent {
  // A pull request may be merged or closed before its checks are done; it is still what they are about. Open ones come first.
  const own = seen.pulls.filter((pull) => pull.headSha === record.sha);
  const pulls = [...own.filter((pull) => pull.state === 'open'), ...own.filter((pull) => pull.state !== 'open')].slice(0, 20);
  const [pull] = pulls;
  const actor = pull?.author ?? FORGE_ACTOR;
  // What comes from another repository is an outsider's, whoever opened it.
  const trust = pulls.some((candidate) => candidate.fromFork) ? 'outsider' : trustOf(open.settings, actor);
  return {
    ...envelope(open, actor, record.completedAt ?? record.queuedAt, `check ${record.sha} ${record.name} ${record.completedAt}`, trust),
    event: 'check_completed',
    action: 'completed',
    check: {
      name: record.name,
      sha: record.sha,
      conclusion: record.conclusion,
      required: open.settings.requiredChecks.includes(record.name),
    },
    branches: [...seen.heads]
      .filter(([, sha]) => sha === record.sha)
      .map(([branch]) => branch)
      .slice(0, 20),
    pullRequests: pulls.map(eventPull),
  };
}

function remember(seen: Seen): ObservedRecord {
  return {
    heads: Object.fromEntries(seen.heads),
    pulls: Object.fromEntries(seen.pulls.map((pull) => [String(pull.number), { state: pull.state, headSha: pull.headSha }])),
    deployments: Object.fromEntries(seen.deployments.slice(-200).map((record) => [record.id, record.state])),
  };
}

/** Heads of branches that are checked whether there is a pull request or not. */
function branchHeads({ settings }: OpenRepository, { heads }: Seen, first: boolean): readonly string[] {
  if (settings.mirror) return [];
  // A repository that was just taken on may have hundreds of old branches; only what somebody works on is checked then.
  return [...heads].filter(([branch]) => !first || branch === settings.defaultBranch).map(([, sha]) => sha);
}

/** Look at a repository and say what happened since the last look. */
export async function observe(open: OpenRepository): Promise<Observation> {
  const { folders } = open;
  const last = await readJson(folders.observed, ObservedRecord);
  const before = last ?? { heads: {}, pulls: {}, deployments: {} };
  const seen = await look(open);
  const now = new Date().toISOString();
  const first = last === null;
  const completed = (await Promise.all((await readPending(folders)).map(({ sha, name }) => readCheck(folders, sha, name)))).flatMap(
    (record) => (record?.status === 'completed' && record.conclusion !== null ? [{ ...record, conclusion: record.conclusion }] : []),
  );
  const pullHeads = seen.pulls.filter((pull) => pull.state === 'open').map((pull) => pull.headSha);
  const headsBefore = new Set([...Object.values(before.heads), ...Object.values(before.pulls).map((pull) => pull.headSha)]);
  const headsNow = new Set([...branchHeads(open, seen, first), ...pullHeads]);
  const after = remember(seen);
  return {
    events: [
      ...pushEvents(open, seen, before, now),
      ...pullEvents(open, seen, before, first, now),
      ...completed.map((record) => checkEvent(open, seen, record)),
      ...deploymentEvents(open, seen, before, first),
    ],
    newHeads: [...headsNow].filter((sha) => !headsBefore.has(sha)),
    async commit() {
      for (const record of completed) {
        await clearPending(folders, record);
      }
      if (JSON.stringify(after) !== JSON.stringify(last)) {
        await writeJson(folders.observed, after);
      }
    },
  };
}
