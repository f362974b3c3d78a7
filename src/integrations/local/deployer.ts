import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import { freePort } from '../../lib/free-port.ts';
import { isRunning, ownIdentity } from '../../lib/process-identity.ts';
import { isAbandoned } from './abandoned.ts';
import { namesIn, writeJson } from './atomic-file.ts';
import { readDeployment, readDeployments, readLive, writeDeployment } from './deployments.ts';
import { type Front, openFront } from './front.ts';
import { isHealthy } from './health.ts';
import type { DeploymentRecord, EnvironmentSettings, LiveRecord } from './records.schema.ts';
import { prepareRelease, pruneReleases } from './release.ts';
import { changing, type OpenRepository } from './repo-store.ts';
import { endProcess, startProcess, strayProcesses, tailOf } from './service-process.ts';

const HEALTH_POLL_MS = 50;

/** Carries out deployments: release folder, process, health, switch. */
export interface Deployer {
  /** Deployments that wait, at most one of each environment: queued ones, those whose service is gone, and those of this process; what it carries out at the moment is for the caller to know. */
  waiting(open: OpenRepository): Promise<readonly DeploymentRecord[]>;
  /** Carry one out and record how it ended; an old release stays live when the new one does not get healthy. */
  deploy(open: OpenRepository, id: string): Promise<void>;
  /** Take over what is live after a start: running processes are adopted, gone ones started again. */
  adopt(open: OpenRepository): Promise<void>;
  /** End production processes of a repository; their records stay, so that a later start brings them back. */
  end(open: OpenRepository): Promise<void>;
  /** End processes that no record knows; call it after every repository was adopted. */
  sweep(known: ReadonlySet<number>): Promise<number>;
  /** Close the stable ports. */
  close(): Promise<void>;
}

/** What is live in each environment of a repository. */
export async function readAllLive({
  folders,
}: OpenRepository): Promise<ReadonlyArray<{ readonly environment: string; readonly live: LiveRecord }>> {
  const found: Array<{ readonly environment: string; readonly live: LiveRecord }> = [];
  for (const name of await namesIn(folders.environments)) {
    const environment = name.replace(/\.json$/, '');
    const live = name.endsWith('.json') ? await readLive(folders, environment) : null;
    if (live !== null) {
      found.push({ environment, live });
    }
  }
  return found;
}

function isWaiting(record: DeploymentRecord): boolean {
  return record.state === 'queued' || (record.state === 'running' && isAbandoned(record.runner));
}

/** The deployer of a state folder. */
export function createDeployer(stateDir: string): Deployer {
  const fronts = new Map<string, Front>();

  const frontKey = ({ repo }: OpenRepository, environment: string): string => `${repo.owner}/${repo.name}/${environment}`;

  const pointFront = async (
    open: OpenRepository,
    environment: string,
    wanted: number | undefined,
    port: number,
  ): Promise<number | null> => {
    if (wanted === undefined) {
      return null;
    }
    const key = frontKey(open, environment);
    const front = fronts.get(key) ?? (await openFront(wanted, port));
    front.pointTo(port);
    fronts.set(key, front);
    return front.port;
  };

  const start = async (open: OpenRepository, settings: EnvironmentSettings, sha: string, deployment: string) => {
    const folder = await prepareRelease(open.folders, sha);
    const port = await freePort();
    const logFile = join(open.folders.deployments, `${deployment}.log`);
    const name = `${open.repo.owner}/${open.repo.name}/${deployment}`;
    const process = await startProcess({ argv: settings.start, folder, port, logFile, stateDir, deployment: name });
    const deadline = Date.now() + settings.startTimeoutMs;
    while (!(await isHealthy(`http://127.0.0.1:${port}${settings.healthPath}`))) {
      const gone = !isRunning(process);
      if (gone || Date.now() > deadline) {
        await endProcess(process);
        const why = gone ? 'the service ended before it was healthy' : `the service was not healthy within ${settings.startTimeoutMs} ms`;
        throw new Failure('plan-invalid', `${why}; its last words: ${(await tailOf(logFile)) || 'none'}`);
      }
      await pause(HEALTH_POLL_MS);
    }
    return { port, process };
  };

  const writeLive = (open: OpenRepository, environment: string, live: LiveRecord): Promise<void> =>
    writeJson(join(open.folders.environments, `${environment}.json`), live);

  const goLive = async (open: OpenRepository, record: DeploymentRecord): Promise<void> => {
    const settings = open.settings.environments[record.environment];
    if (settings === undefined) {
      throw new Failure('configuration-invalid', `there is no environment ${record.environment} any more`);
    }
    const old = await readLive(open.folders, record.environment);
    if (old?.deployment === record.id && isRunning(old.process)) {
      return;
    }
    const { port, process } = await start(open, settings, record.sha, record.id);
    let front: number | null;
    try {
      front = await pointFront(open, record.environment, settings.port === 0 ? (old?.front ?? 0) : settings.port, port);
    } catch (error) {
      await endProcess(process);
      throw error;
    }
    await writeLive(open, record.environment, {
      deployment: record.id,
      sha: record.sha,
      process,
      port,
      front,
      since: new Date().toISOString(),
    });
    if (old !== null) {
      await endProcess(old.process);
    }
  };

  const claim = (open: OpenRepository, id: string): Promise<DeploymentRecord | null> =>
    changing(open, async () => {
      const record = await readDeployment(open.folders, id);
      if (record === null || !isWaiting(record)) {
        return null;
      }
      const claimed: DeploymentRecord = { ...record, state: 'running', runner: ownIdentity() };
      await writeDeployment(open.folders, claimed);
      return claimed;
    });

  return {
    async waiting(open) {
      const first = new Map<string, DeploymentRecord>();
      for (const record of await readDeployments(open.folders)) {
        const busy = record.state === 'running' && !isWaiting(record);
        if ((busy || isWaiting(record)) && !first.has(record.environment)) {
          first.set(record.environment, record);
        }
      }
      return [...first.values()].filter(isWaiting);
    },
    async deploy(open, id) {
      const record = await claim(open, id);
      if (record === null) {
        return;
      }
      try {
        await goLive(open, record);
        await writeDeployment(open.folders, { ...record, state: 'success', runner: null, detail: null });
      } catch (error) {
        const detail = error instanceof Error ? error.message.slice(0, 500) : 'unknown';
        await writeDeployment(open.folders, { ...record, state: 'failure', runner: null, detail });
      }
      await pruneReleases(open.folders, new Set((await readAllLive(open)).map(({ live }) => live.sha)));
    },
    async adopt(open) {
      for (const { environment, live } of await readAllLive(open)) {
        const settings = open.settings.environments[environment];
        if (settings === undefined) {
          continue;
        }
        const now = isRunning(live.process) ? live : { ...live, ...(await start(open, settings, live.sha, live.deployment)) };
        const front = await pointFront(open, environment, settings.port === 0 ? (live.front ?? 0) : settings.port, now.port);
        await writeLive(open, environment, { ...now, front });
      }
    },
    async end(open) {
      await Promise.all((await readAllLive(open)).map(({ live }) => endProcess(live.process)));
    },
    async sweep(known) {
      const strays = strayProcesses(stateDir, known);
      await Promise.all(strays.map(endProcess));
      return strays.length;
    },
    async close() {
      await Promise.all([...fronts.values()].map((front) => front.close()));
      fronts.clear();
    },
  };
}
