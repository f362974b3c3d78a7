import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Activities } from '../../../../src/activities/contract.ts';
import type { ActivityDeps } from '../../../../src/activities/deps.ts';
import { createActivities } from '../../../../src/activities/index.ts';
import type { RepoRef } from '../../../../src/domain/names.schema.ts';
import type { Forge } from '../../../../src/integrations/contract.ts';
import type { GitHubApi } from '../../../../src/integrations/github/api.ts';
import { createGitHubForge } from '../../../../src/integrations/github/forge.ts';
import { readAuditTrail } from '../../../../src/store/read-audit-trail.ts';
import { type ActivityOptions, activityDeps, nothingSeen, type Seen } from '../../../support/activity-world.ts';
import { withoutAccidents } from '../../../support/github/picture.ts';
import { type GitHubStandIn, type StandInOptions, type StandInRepository, startGitHubStandIn } from '../../../support/github/stand-in.ts';
import type { StandInCredentials } from '../../../support/github/under-test.ts';
import { clientOf, heldCredentials } from '../support.ts';

/** Time limits of the client, which run out when the stand-in hangs and never before, however slow the machine is. */
class Limits {
  readonly #waiting = new Set<AbortController>();
  signal(): AbortSignal {
    const limit = new AbortController();
    this.#waiting.add(limit);
    return limit.signal;
  }
  runOut(): void {
    for (const limit of this.#waiting) limit.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    this.#waiting.clear();
  }
}

/** Suture as a worker has it that was just started: nothing in memory, its state folder on disk. */
export interface At {
  readonly repo: RepoRef;
  readonly repository: StandInRepository;
  readonly standIn: GitHubStandIn;
  readonly github: GitHubApi;
  readonly forge: Forge;
  readonly deps: ActivityDeps;
  readonly activities: Activities;
  readonly seen: Seen;
  /** What a limit asks to wait passes at once. */
  readonly clock: { ahead: number };
  /** Bugs that were logged. */
  readonly bugs: string[];
}

/** How a stage is set. */
export interface StageOptions {
  readonly credentials: (standIn: GitHubStandIn) => StandInCredentials;
  readonly repository: (standIn: GitHubStandIn) => Promise<StandInRepository>;
  readonly standIn?: StandInOptions;
  readonly webhookUrl?: string;
  /** Without names: all that the App is installed on. */
  readonly named?: false;
  readonly activities?: ActivityOptions;
}

/** A stand-in with a repository, and as many workers before it as are wanted, one after another. */
export interface Stage {
  readonly standIn: GitHubStandIn;
  readonly repository: StandInRepository;
  /** A worker over a copy of a state folder, or over an empty one; `cold`: it holds no token yet. */
  worker(from?: string, cold?: boolean): At;
  /** A copy of a worker's state folder. */
  keep(at: At): string;
  /** What GitHub and the audit trail look like. */
  picture(at: At): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens a stage. Close it. */
export async function openStage(options: StageOptions): Promise<Stage> {
  let limits = new Limits();
  const standIn = await startGitHubStandIn({ ...options.standIn, relay: false, hangs: () => limits.runOut() });
  const repository = await options.repository(standIn);
  const credentials = options.credentials(standIn);
  const held = heldCredentials(standIn.url, credentials, { timeLimit: () => limits.signal() });
  const folders = new Map<At, string>();
  const root = mkdtempSync(join(tmpdir(), 'suture-faults-'));
  let copies = 0;
  const copy = (from: string | undefined): string => {
    copies += 1;
    const folder = join(root, String(copies));
    mkdirSync(folder);
    if (from !== undefined) cpSync(from, folder, { recursive: true });
    return folder;
  };
  let last: At | null = null;
  return {
    standIn,
    repository,
    worker(from, cold = false) {
      if (last !== null) rmSync(folders.get(last) ?? '', { recursive: true, force: true });
      const stateDir = copy(from);
      const clock = { ahead: 0 };
      limits = new Limits();
      const mine = limits;
      const now = (): number => Date.now() + clock.ahead;
      const github = clientOf(standIn.url, credentials, {
        now,
        timeLimit: () => mine.signal(),
        ...(cold ? {} : { held }),
      });
      const forge = createGitHubForge(github, {
        stateDir: join(stateDir, 'github'),
        repositories: options.named === false ? [] : [repository.fullName],
        webhookUrl: options.webhookUrl,
        now,
      });
      const seen = nothingSeen();
      const bugs: string[] = [];
      const quiet = (): void => undefined;
      const deps = activityDeps(stateDir, forge, seen, {
        ...options.activities,
        deps: {
          log: { debug: quiet, info: quiet, warn: quiet, error: (facts, message) => void bugs.push(`${message} ${JSON.stringify(facts)}`) },
          ...options.activities?.deps,
        },
      });
      const at: At = {
        repo: { owner: repository.owner, name: repository.name },
        repository,
        standIn,
        github,
        forge,
        deps,
        activities: createActivities(deps),
        seen,
        clock,
        bugs,
      };
      folders.set(at, stateDir);
      last = at;
      return at;
    },
    keep: (at) => copy(folders.get(at)),
    async picture(at) {
      const lines = [...standIn.picture(repository.fullName)];
      for await (const { action, facts } of readAuditTrail(join(folders.get(at) ?? '', 'audit')))
        lines.push(withoutAccidents(`audit ${action} ${JSON.stringify(facts).replace(/\b[0-9a-f]{40}\b/g, '<commit>')}`));
      for (const id of new Set(at.seen.reported.map(({ kind, subject }) => `${kind} ${subject}`))) lines.push(`reported ${id}`);
      return lines.sort();
    },
    async close() {
      await standIn.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
