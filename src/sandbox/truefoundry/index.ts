import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../domain/failure.ts';
import type { Sandbox } from '../contract.ts';
import { ownerOf } from '../owner.ts';
import { type Finding, type Prepared, preparedSandbox } from '../prepared.ts';
import { type Application, connectTrueFoundry, isOver, platformFailure } from './client.ts';
import { manifestOf } from './manifest.ts';
import type { JobExchange, TrueFoundryOptions } from './options.ts';
import { runWorkspaceJob, type WorkspaceHost } from './run-job.ts';

export type { JobExchange, TrueFoundryOptions } from './options.ts';

/** What the sandbox of a workspace needs from outside. */
export interface TrueFoundrySandboxOptions {
  /** Folder of the service's state: jobs of one installation are told apart by it. */
  readonly stateDir: string;
  readonly truefoundry: TrueFoundryOptions;
  readonly exchange: JobExchange;
  readonly log?: { info(facts: object, message: string): void };
}

const START_MS = 180_000;
const POLL_MS = 2_000;
/** A run that ended so long ago has nobody any more who waits for it. */
const FORGOTTEN_MS = 3_600_000;
const FAILED = /FAILED|CANCELLED|PAUSED/;

/**
 * Jobs as runs of one job application in a TrueFoundry workspace. A run fetches its input and hands in its result by a ticket of its
 * own; the platform sees an id and that ticket, no command of a repository and no file.
 */
export function createTrueFoundrySandbox(options: TrueFoundrySandboxOptions): Sandbox {
  const settings = options.truefoundry;
  const platform = connectTrueFoundry(settings.url, settings.token);

  /** Creates the application or brings it up to date, and waits until it can be run. */
  async function deploy(): Promise<{ readonly application: Application; readonly deploymentId: string }> {
    const find = () => platform.findApplication(settings.workspace, settings.application);
    const workspaceId = await platform.workspaceId(settings.workspace);
    await platform.applyApplication(manifestOf(settings), workspaceId, settings.application).catch(async (error: unknown) => {
      // An answer that was lost: what counts is what is there.
      if ((await find()) === null) throw error;
    });
    const until = Date.now() + (settings.startMs ?? START_MS);
    for (;;) {
      const application = await find();
      const deploymentId = application?.lastDeploymentId ?? application?.activeDeploymentId;
      if (application !== null && deploymentId != null) {
        const { status, message } = await platform.deploymentState(application.id, deploymentId);
        if (status === 'DEPLOY_SUCCESS') return { application, deploymentId };
        if (FAILED.test(status))
          throw new Failure('sandbox-unavailable', `the application ${settings.application} was not deployed: ${status} ${message}`);
      }
      if (Date.now() > until)
        throw new Failure(
          'sandbox-unavailable',
          `the application ${settings.application} was not deployed within ${settings.startMs ?? START_MS} ms`,
        );
      await delay(settings.pollMs ?? POLL_MS);
    }
  }

  async function prepare(): Promise<Prepared<WorkspaceHost>> {
    const findings: Finding[] = [];
    if (!settings.egressRestricted) {
      const detail =
        'pods of the workspace may reach everything: limit them to sandbox.truefoundry.exchange by a NetworkPolicy in its namespace, then set sandbox.truefoundry.egressRestricted';
      return { kind: 'unavailable', findings: [{ name: 'egress', ok: false, detail }] };
    }
    findings.push({ name: 'egress', ok: true, detail: 'you say that the workspace restricts it; this cannot be looked at from here' });
    try {
      const { application, deploymentId } = await deploy();
      findings.push({ name: 'application', ok: true, detail: `${settings.application} is deployed in ${settings.workspace}` });
      const host: WorkspaceHost = {
        platform,
        options: settings,
        exchange: options.exchange,
        application,
        deploymentId,
        owner: ownerOf(options.stateDir).installation,
        isolation: `TrueFoundry job in ${settings.workspace}, limits of the platform, egress as its workspace restricts it (no network but the exchange)`,
      };
      options.log?.info({ isolation: host.isolation }, 'sandbox ready');
      return { kind: 'ready', host, findings };
    } catch (error) {
      return {
        kind: 'unavailable',
        findings: [...findings, { name: 'application', ok: false, detail: platformFailure(error, 'deploy').message }],
      };
    }
  }

  return {
    id: 'truefoundry',
    platform: `truefoundry ${settings.image}`,
    ...preparedSandbox(prepare, runWorkspaceJob),
    async sweep() {
      let count = await options.exchange.sweep();
      const application = await platform.findApplication(settings.workspace, settings.application).catch(() => null);
      if (application === null) return count;
      // Runs end by themselves; what is over and nobody came for is taken away.
      const over = (await platform.runs(application.id).catch(() => [])).filter(
        ({ status, endTime }) => isOver(status) && (endTime ?? Date.now()) < Date.now() - FORGOTTEN_MS,
      );
      for (const { name } of over) count += (await platform.deleteRun(application.id, name).catch(() => false)) ? 1 : 0;
      return count;
    },
  };
}
