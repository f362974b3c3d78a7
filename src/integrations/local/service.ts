import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { isDiskFull } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import type { RepoRef } from '../../domain/names.schema.ts';
import type { Sandbox, SandboxLimits } from '../../sandbox/contract.ts';
import { checkDefinitions, queueChecks, type ReadChecks, runCheck, waitingChecks } from './check-runner.ts';
import { createDeployer, readAllLive } from './deployer.ts';
import { observe } from './observe.ts';
import { createOutbox, type Deliver, deliverByHttp } from './outbox.ts';
import { forgeRoot } from './paths.ts';
import { type OpenRepository, openRepository, servedRepositories } from './repo-store.ts';
import { claimService } from './single-service.ts';
import { sweepDrafts } from './sweep-drafts.ts';

/** Structured log; `error` means a bug of ours. */
export interface ServiceLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** What the forge's own machinery needs. */
export interface LocalForgeServiceOptions {
  readonly stateDir: string;
  readonly sandbox: Sandbox;
  /** Limits of one check; its own time limit can only be shorter. */
  readonly limits: SandboxLimits;
  readonly readChecks: ReadChecks;
  /** Where events are sent and which secret signs them; null when nobody listens. */
  readonly hook: { readonly url: string; readonly secret: string } | null;
  readonly deliver?: Deliver;
  readonly log: ServiceLog;
  /** Slow poll in milliseconds, for changes that nobody announced; default 2,000. */
  readonly pollMs?: number;
  /** Checks that run at the same time; default 2. */
  readonly concurrency?: number;
}

/** The forge as a server: runs checks and deployments, tells the world. */
export interface LocalForgeService {
  /** Take over what is live and begin to watch. Throws `Failure` code `configuration-invalid` when another service watches this folder. */
  start(): Promise<void>;
  /** Stop watching, break off checks (they are queued again), end production processes. */
  stop(): Promise<void>;
  /** Look once at everything now; resolves when what was found is under way. */
  scan(): Promise<void>;
  /** Resolves when no check and no deployment waits or runs and everything was announced; undelivered events do not count. */
  idle(): Promise<void>;
}

/** A full disk is complained of once in so long, in milliseconds. */
const FULL_AGAIN_MS = 60_000;

/** Create the forge's own machinery for a state folder; nothing happens before `start`. */
export function createLocalForgeService(options: LocalForgeServiceOptions): LocalForgeService {
  const { stateDir, sandbox, limits, readChecks, hook, log } = options;
  const deployer = createDeployer(stateDir);
  const outbox = hook === null ? null : createOutbox(stateDir, { ...hook, deliver: options.deliver ?? deliverByHttp });
  const concurrency = options.concurrency ?? 2;
  const underway = new Map<string, { readonly kind: 'check' | 'deployment'; readonly done: Promise<void> }>();
  const stopping = new AbortController();
  let scanning: Promise<boolean> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | null = null;
  let watcher: FSWatcher | null = null;
  let release: (() => Promise<void>) | null = null;

  let saidFull = Number.NEGATIVE_INFINITY;
  /** Whatever is tried while a disk is full fails; once in a while is enough to say so. */
  const complain = (error: unknown, facts: object, message: string): void => {
    const now = Date.now();
    if (isDiskFull(error)) {
      if (now - saidFull < FULL_AGAIN_MS) {
        return;
      }
      saidFull = now;
    }
    log.warn({ err: error, ...facts }, message);
  };

  const begin = (key: string, kind: 'check' | 'deployment', work: () => Promise<void>): void => {
    let full = false;
    const done = work()
      .catch((error: unknown) => {
        full = isDiskFull(error);
        complain(error, { key }, `a ${kind} of the local forge did not go well`);
      })
      .finally(() => {
        underway.delete(key);
        // On a full disk it would fail again at once, and again; the poll tries it as well.
        if (!stopping.signal.aborted && !full) {
          void scan();
        }
      });
    underway.set(key, { kind, done });
  };

  const keyOf = ({ owner, name }: RepoRef, ...parts: readonly string[]): string => [owner, name, ...parts].join(' ');

  const announce = async (open: OpenRepository): Promise<boolean> => {
    const observation = await observe(open);
    if (observation.newHeads.length > 0) {
      const definitions = await checkDefinitions(open, readChecks).catch((error: unknown) => {
        complain(error, { repo: open.repo }, 'the policy file cannot be read, so no checks are queued');
        return [];
      });
      for (const sha of observation.newHeads) {
        await queueChecks(open, sha, definitions);
      }
    }
    for (const event of observation.events) {
      await outbox?.put(event);
    }
    await observation.commit();
    return observation.events.length > 0 || observation.newHeads.length > 0;
  };

  const beginWork = async (open: OpenRepository): Promise<boolean> => {
    let busy = false;
    for (const record of await waitingChecks(open)) {
      busy = true;
      const key = keyOf(open.repo, record.sha, record.name);
      const running = [...underway.values()].filter(({ kind }) => kind === 'check').length;
      if (running < concurrency && !underway.has(key)) {
        begin(key, 'check', () => runCheck(open, record, { sandbox, limits, signal: stopping.signal }));
      }
    }
    for (const { environment, id } of await deployer.waiting(open)) {
      busy = true;
      const key = keyOf(open.repo, 'deploy', environment);
      if (!underway.has(key)) {
        begin(key, 'deployment', () => deployer.deploy(open, id));
      }
    }
    return busy;
  };

  /** One look at every repository; true when there was anything to do. */
  const lookOnce = async (): Promise<boolean> => {
    let busy = false;
    for (const repo of await servedRepositories(stateDir)) {
      try {
        const open = await openRepository(stateDir, repo);
        busy = (await announce(open)) || busy;
        if (!stopping.signal.aborted) {
          busy = (await beginWork(open)) || busy;
        }
      } catch (error) {
        complain(error, { repo }, 'a repository of the local forge cannot be served at the moment');
      }
    }
    await outbox?.flush();
    return busy;
  };

  const scanAll = async (): Promise<boolean> => {
    let busy = false;
    do {
      again = false;
      busy = await lookOnce();
    } while (again && !stopping.signal.aborted);
    return busy;
  };

  const scan = (): Promise<boolean> => {
    again = true;
    scanning ??= scanAll()
      .catch((error: unknown) => {
        complain(error, {}, 'the local forge could not look at its repositories');
        return false;
      })
      .finally(() => {
        scanning = null;
      });
    return scanning;
  };

  const takeOver = async (): Promise<void> => {
    const known = new Set<number>();
    for (const repo of await servedRepositories(stateDir)) {
      const open = await openRepository(stateDir, repo);
      await sweepDrafts(open.folders);
      await deployer.adopt(open).catch((error: unknown) => log.warn({ err: error, repo }, 'what was live could not be brought back'));
      for (const { live } of await readAllLive(open)) {
        known.add(live.process.pid);
      }
    }
    const swept = await deployer.sweep(known);
    if (swept > 0) {
      log.info({ swept }, 'ended processes that a crash left behind');
    }
  };

  return {
    async start() {
      if (release !== null || stopping.signal.aborted) {
        throw new Failure('bug', 'a forge service is started once');
      }
      mkdirSync(forgeRoot(stateDir), { recursive: true });
      release = await claimService(stateDir);
      await takeOver();
      watcher = watch(forgeRoot(stateDir), (_event, name) => {
        if (name === '.wake') {
          void scan();
        }
      });
      // Losing the watch costs time only; the poll goes on.
      watcher.on('error', (error) =>
        log.warn({ err: error, folder: join(forgeRoot(stateDir), '.wake') }, 'changes are found by polling from now on'),
      );
      timer = setInterval(() => void scan(), options.pollMs ?? 2_000);
      void scan();
    },
    async stop() {
      stopping.abort();
      watcher?.close();
      if (timer !== null) {
        clearInterval(timer);
      }
      await scanning;
      await Promise.all([...underway.values()].map(({ done }) => done));
      if (release !== null) {
        for (const repo of await servedRepositories(stateDir)) {
          await deployer.end(await openRepository(stateDir, repo));
        }
      }
      await deployer.close();
      await release?.();
    },
    async scan() {
      await scan();
    },
    async idle() {
      while ((await scan()) || underway.size > 0) {
        await Promise.all([...underway.values()].map(({ done }) => done));
      }
    },
  };
}
