import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startRuntime } from '../../src/cli/runtime.ts';
import { loadConfig, settingsFrom } from '../../src/config/index.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { integrations } from '../../src/integrations/registry.ts';
import type { Healings } from '../../src/temporal/contract.ts';
import { connectLazily } from '../../src/temporal/index.ts';
import { type GitHubStandIn, type StandInRepository, startGitHubStandIn } from '../support/github/stand-in.ts';
import { providedTemporal } from '../support/temporal.ts';

/** The whole of Suture as production runs it (worker and ingress as processes of their own), with a GitHub that is a stand-in. */
export interface GitHubWorld {
  readonly standIn: GitHubStandIn;
  readonly healings: Healings;
  readonly ingressUrl: string;
  /** Waits until a healing is over, or shows what is waited for. */
  until(healingId: string, what: string, ready: (view: HealingView) => boolean): Promise<HealingView>;
  /** Has the patrol walk once, as its schedule would; ids of the healings that it began. */
  patrol(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Longest wait for one step of a story. */
const PATIENCE_MS = 90_000;

/** Starts everything; deliveries of the stand-in go to the real ingress, signed. */
export async function openGitHubWorld(): Promise<GitHubWorld> {
  const { address, namespace } = providedTemporal();
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-journey-'));
  const standIn = await startGitHubStandIn();
  const config = {
    temporal: { address, namespace, taskQueue: `journey-${process.pid}-${Date.now()}` },
    ingress: { port: 0 },
    forge: 'github',
    autonomyCeiling: 'deploy',
    patrolEveryMs: 0,
    integrations: {
      github: {
        baseUrl: standIn.url,
        webUrl: standIn.url,
        appId: standIn.app.id,
        login: `${standIn.app.slug}[bot]`,
        writeSpacingMs: 0,
      },
    },
    timings: {
      gatherMs: 300,
      checkPollMs: 500,
      checkTimeoutMs: 60_000,
      deployPollMs: 300,
      deployTimeoutMs: 60_000,
      verifyPollMs: 300,
      verifyWindowMs: 500,
      verifyTimeoutMs: 60_000,
      cooldownMs: 500,
      watchMs: [],
      approvalReminderMs: 60_000,
    },
    logLevel: 'warn',
  };
  await mkdir(stateDir, { recursive: true });
  await writeFile(join(stateDir, 'config.yml'), stringify(config));
  const secret = 'a-webhook-secret-of-thirty-two-bytes';
  const runtime = await startRuntime({
    stateDir,
    env: {
      ...process.env,
      SUTURE_SECRET_GITHUB_APP_KEY: standIn.app.privateKey,
      SUTURE_SECRET_GITHUB_WEBHOOK: secret,
    },
  });
  const { config: loaded } = loadConfig({ stateDir, env: process.env, integrations });
  const { client, close: disconnect } = connectLazily({ address, namespace });
  let walks = 0;
  standIn.pointWebhook(`${runtime.ingressUrl}/webhooks/github`, secret);
  return {
    standIn,
    healings: runtime.healings,
    ingressUrl: runtime.ingressUrl,
    async until(healingId, what, ready) {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const view = await runtime.healings.view(healingId).catch(() => null);
        if (view !== null && ready(view)) return view;
        if (Date.now() > deadline) {
          throw new Error(`${healingId} did not get to: ${what}\n${JSON.stringify(view, null, 1)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async patrol() {
      walks += 1;
      const walk = await client.workflow.execute('PatrolWorkflow', {
        workflowId: `${config.temporal.taskQueue}/patrol/${walks}`,
        taskQueue: config.temporal.taskQueue,
        args: [settingsFrom(loaded)],
      });
      return (walk as { readonly started: readonly string[] }).started;
    },
    async close() {
      await disconnect();
      await runtime.stop();
      await standIn.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Whether a healing has its outcome. */
export const isOver = (view: HealingView): boolean => view.outcome !== undefined;

/** Files of a small service whose check reads its configuration. */
export function files(lines: string): Readonly<Record<string, string | { readonly executable: string }>> {
  return {
    '.github/suture.yml': `version: 1
checks:
  - name: test
    run: ./check.sh
    timeoutSeconds: 30
config:
  - config.txt
${lines}`,
    'check.sh': { executable: '#!/bin/sh\ngrep -q "^mode=good$" config.txt && ! grep -q broken app.txt\n' },
    'config.txt': 'mode=good\n',
    'app.txt': 'works\n',
  };
}

/** The repository's own CI: runs the check at a commit, for real, by the content of that commit. */
export async function ci(repository: StandInRepository, sha: string, branch: string): Promise<void> {
  const { hands } = repository;
  const good = (await hands.read(sha, 'config.txt')) === 'mode=good\n' && !((await hands.read(sha, 'app.txt')) ?? '').includes('broken');
  const log = good ? 'ok\n' : 'mode is not good\n';
  await hands.run({ sha, branch, workflow: 'CI', jobs: [{ name: 'test', conclusion: good ? 'success' : 'failure', log }] });
}

/** Runs CI for every pull request and merge of Suture's until stopped, as GitHub Actions would. */
export function ciForSuture(world: GitHubWorld, repository: StandInRepository): { stop(): Promise<void> } {
  let stopped = false;
  const seen = new Set<string>();
  const look = async (): Promise<void> => {
    for (const { event, action, repo, payload } of world.standIn.events) {
      if (event !== 'pull_request' || repo !== repository.fullName) continue;
      const pull = payload.pull_request;
      if (!String(pull.head.ref).startsWith('suture/')) continue;
      const merged = action === 'closed' && pull.merged === true;
      const sha = String(merged ? pull.merge_commit_sha : pull.head.sha);
      if (seen.has(sha) || (action !== 'opened' && !merged)) continue;
      seen.add(sha);
      await ci(repository, sha, String(merged ? pull.base.ref : pull.head.ref));
    }
  };
  const running = (async () => {
    while (!stopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await running;
    },
  };
}
