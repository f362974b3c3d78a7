import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { startRuntime } from '../../src/cli/runtime.ts';
import { loadSecrets, parseRepositoryPolicy } from '../../src/config/index.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { createDatadogClient } from '../../src/integrations/datadog/client.ts';
import { DatadogConfig } from '../../src/integrations/datadog/config.ts';
import { planSetup } from '../../src/integrations/datadog/setup.ts';
import type { Healings } from '../../src/temporal/contract.ts';
import { type DatadogStandIn, KEYS, startDatadogStandIn } from '../support/datadog/stand-in.ts';
import { type GitHubStandIn, type StandInRepository, startGitHubStandIn } from '../support/github/stand-in.ts';
import { APP, SIGNING, type SlackStandIn, startSlackStandIn, TEAM } from '../support/slack/stand-in.ts';
import { providedTemporal } from '../support/temporal.ts';
import { type Changed, LiveService, runTests } from './live-service.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of vendors, of many shapes
type Json = any;

/** Services that stories may use, one each; a story that is tried again takes the next. */
const SERVICES = 16;
/** A minute of Datadog's in these stories, in milliseconds. */
const MINUTE_MS = 1_200;
/** Logins of one tick, and how long a tick lasts, in milliseconds. */
const LOGINS = 50;
const TICK_MS = 100;
const PATIENCE_MS = 90_000;
/** Files whose content decides how the service behaves. */
const WATCHED = ['config.yaml', 'auth/service.py'];

const example = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../examples/auth-service/repository/${path}`, import.meta.url)), 'utf8');

/** A served repository, its checks, its production and who deploys it. */
export interface Story {
  readonly repository: StandInRepository;
  readonly service: string;
  readonly goodConfig: string;
  /** Whether the machine is as busy as the errors are many. */
  busy: boolean;
  /** Runs the tests of a commit and reports them, as the repository's CI. */
  check(sha: string, branch: string): Promise<void>;
  /** Somebody deploys a commit by hand; resolves when it is live. */
  deploy(sha: string): Promise<void>;
  /** Share of failed logins right now. */
  errorRate(): Promise<number>;
  idOf(subject: string): string;
  /** The healing of the alert, once there is one. */
  alertId(monitor: RegExp): Promise<string>;
  pulls(): ReadonlyArray<{ readonly number: number; readonly branch: string; readonly base: string }>;
  /** Messages in Slack about this repository, oldest first. */
  cards(): Promise<readonly Json[]>;
  stop(): Promise<void>;
}

/** The whole of Suture with GitHub and Slack played by `emulate` and Datadog by a stand-in that computes its monitors from what the running services emit. */
export interface ProductionWorld {
  readonly github: GitHubStandIn;
  readonly slack: SlackStandIn;
  readonly datadog: DatadogStandIn;
  readonly healings: Healings;
  /** A click on a card as it is now; what is returned sends it to the real front door and gives the status. */
  click(card: Json, action: string, user: string): Promise<() => Promise<number>>;
  story(options?: { readonly policy?: string; readonly waitMinutes?: number }): Promise<Story>;
  until(healingId: string, what: string, ready: (view: HealingView) => boolean): Promise<HealingView>;
  close(): Promise<void>;
}

/** Starts everything. */
export async function openProductionWorld(): Promise<ProductionWorld> {
  const { address, namespace } = providedTemporal();
  const stateDir = await mkdtemp(join(tmpdir(), 'suture-production-'));
  const [github, slack, datadog] = await Promise.all([
    startGitHubStandIn(),
    startSlackStandIn(),
    startDatadogStandIn({ minuteMs: MINUTE_MS }),
  ]);
  const services = Object.fromEntries(Array.from({ length: SERVICES }, (_, at) => [`auth-${at + 1}`, `${github.org}/auth-${at + 1}`]));
  const datadogConfig = {
    services,
    apiUrl: datadog.url,
    metrics: { requests: 'auth.requests', errors: 'auth.errors', latency: 'auth.latency', cpu: 'auth.cpu' },
  };
  const config = {
    temporal: { address, namespace, taskQueue: `production-${process.pid}-${Date.now()}` },
    ingress: { port: 0 },
    forge: 'github',
    autonomyCeiling: 'deploy',
    patrolEveryMs: 0,
    telemetry: true,
    integrations: {
      github: { baseUrl: github.url, webUrl: github.url, appId: github.app.id, login: `${github.app.slug}[bot]`, writeSpacingMs: 0 },
      datadog: datadogConfig,
      slack: {
        channel: slack.channels['healings'],
        approvers: [slack.users['mara']],
        teamId: TEAM,
        appId: APP,
        apiUrl: slack.apiUrl,
        hooksUrl: slack.hooksUrl,
      },
    },
    timings: {
      gatherMs: 200,
      checkPollMs: 500,
      checkTimeoutMs: 60_000,
      deployPollMs: 300,
      deployTimeoutMs: 60_000,
      verifyPollMs: 300,
      verifyWindowMs: 1_500,
      verifyTimeoutMs: 30_000,
      cooldownMs: 0,
      watchMs: [],
      approvalReminderMs: 4_000,
      approvalReminders: 1,
    },
    logLevel: 'warn',
  };
  await writeFile(join(stateDir, 'config.yml'), stringify(config));
  const webhook = 'a-webhook-secret-of-thirty-two-bytes';
  const runtime = await startRuntime({
    stateDir,
    env: {
      ...process.env,
      SUTURE_SECRET_GITHUB_APP_KEY: github.app.privateKey,
      SUTURE_SECRET_GITHUB_WEBHOOK: webhook,
      SUTURE_SECRET_DATADOG_API_KEY: KEYS.api,
      SUTURE_SECRET_DATADOG_APP_KEY: KEYS.app,
      SUTURE_SECRET_SLACK_BOT_TOKEN: slack.token,
      SUTURE_SECRET_SLACK_SIGNING_SECRET: SIGNING,
    },
  });
  github.pointWebhook(`${runtime.ingressUrl}/webhooks/github`, webhook);
  const [token] = loadSecrets(stateDir, {}).get('datadog-webhook');
  const client = createDatadogClient(
    DatadogConfig.parse(datadogConfig),
    (name) => [name === 'datadog-api-key' ? KEYS.api : KEYS.app],
    'health-unavailable',
  );

  const stories: Story[] = [];
  const policies: Array<Parameters<typeof planSetup>[2]['repositories'][number]> = [];
  const ticks: Array<() => Promise<void>> = [];
  let over = false;
  // What agents and Datadog do all the time: measure, send, compute, tell.
  const machinery = (async () => {
    while (!over) {
      await Promise.all(ticks.map((tick) => tick()));
      await datadog.evaluate();
      await pause(TICK_MS);
    }
  })();

  async function story({ policy = 'autonomy: deploy\n', waitMinutes = 0 }: Parameters<ProductionWorld['story']>[0] = {}): Promise<Story> {
    const service = `auth-${stories.length + 1}`;
    const rules = `version: 1
${policy}checks:
  - name: tests
    run: python3 -m unittest -v
    report: unittest
    timeoutSeconds: 60
config:
  - config.yaml
correlation:
  waitMinutes: ${waitMinutes}
services:
  - name: ${service}
    environment: production
    monitors:
      errorRate: { threshold: 0.05, minutes: 1 }
      cpu: { threshold: 80, minutes: 1 }
`;
    const goodConfig = await example('config.yaml');
    const paths = [
      'auth/__init__.py',
      'auth/config.py',
      'auth/server.py',
      'auth/service.py',
      'auth/tokens.py',
      'auth/users.py',
      'config.yaml',
      'tests/__init__.py',
      'tests/test_auth.py',
    ];
    const files = Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await example(path)] as const)));
    const repository = await github.repository({
      name: service,
      files: { ...files, '.github/suture.yml': rules },
      rules: 'none',
      private: false,
    });
    const { hands, fullName } = repository;
    const live = new LiveService();
    const changed = async (sha: string): Promise<Changed> =>
      Object.fromEntries(await Promise.all(WATCHED.map(async (path) => [path, (await hands.read(sha, path)) ?? ''] as const)));
    const idOf = (subject: string): string => `heal/${repository.owner}/${repository.name}/${subject}`;
    const ours = (event: string) => github.events.filter((one) => one.event === event && one.repo === fullName);

    let deployed = Promise.resolve();
    const handled = new Set<number>();
    /** Who deploys: takes each deployment that was asked for, in order. */
    const carryOut = (): Promise<void> => {
      for (const { payload } of ours('deployment').filter(({ action }) => action === 'created')) {
        const { id, sha } = payload.deployment;
        if (handled.has(id)) continue;
        handled.add(id);
        deployed = deployed.then(async () => {
          await live.deploy(await changed(sha));
          await hands.deploymentStatus(id, 'success');
        });
      }
      return deployed;
    };
    const checked = new Set<string>();
    const check: Story['check'] = async (sha, branch) => {
      if (checked.has(sha)) return;
      checked.add(sha);
      const { green, log } = await runTests(await changed(sha));
      await hands.run({ sha, branch, workflow: 'CI', jobs: [{ name: 'tests', conclusion: green ? 'success' : 'failure', log }] });
    };
    const pulls: Story['pulls'] = () =>
      ours('pull_request')
        .filter(({ action, payload }) => action === 'opened' && String(payload.pull_request.head.ref).startsWith('suture/'))
        .map(({ payload }) => ({ number: payload.number, branch: payload.pull_request.head.ref, base: payload.pull_request.base.ref }));
    /** CI of what Suture proposes and merges. */
    const checkSuture = async (): Promise<void> => {
      for (const { action, payload } of ours('pull_request')) {
        const pull = payload.pull_request;
        if (!String(pull.head.ref).startsWith('suture/')) continue;
        if (action === 'opened') await check(pull.head.sha, pull.head.ref);
        if (action === 'closed' && pull.merged === true) await check(pull.merge_commit_sha, pull.base.ref);
      }
    };
    const made: Story = {
      repository,
      service,
      goodConfig,
      busy: false,
      check,
      async deploy(sha) {
        await hands.deploy(sha, 'production');
        await carryOut();
      },
      async errorRate() {
        const { requests, errors } = await live.traffic(500);
        return errors / requests;
      },
      idOf,
      async alertId(monitor) {
        const deadline = Date.now() + PATIENCE_MS;
        for (;;) {
          const wanted = [...datadog.monitors.values()].find(({ name, tags }) => monitor.test(name) && tags.includes(`service:${service}`));
          const found = (await runtime.healings.list({ running: false, limit: 100 })).find(({ healingId }) =>
            healingId.startsWith(idOf(`monitor/${wanted?.id}:`)),
          );
          if (found !== undefined) return found.healingId;
          if (Date.now() > deadline) throw new Error(`no alert ${monitor} of ${service} reached Suture`);
          await pause(100);
        }
      },
      pulls,
      async cards() {
        const all = await slack.messages(slack.channels['healings'] ?? '');
        return all.filter((message) => message.blocks?.[0]?.block_id !== undefined && JSON.stringify(message).includes(`${fullName}`));
      },
      async stop() {
        await checking;
        await deployed;
        await live.stop();
      },
    };
    let checking = Promise.resolve();
    let busy = false;
    ticks.push(async () => {
      if (stopped.has(made)) return;
      const tags = [`service:${service}`, 'env:production'];
      const { requests, errors } = await live.traffic(LOGINS);
      if (requests > 0) {
        datadog.feed('auth.requests', requests, tags);
        datadog.feed('auth.errors', errors, tags);
        datadog.feed('auth.latency', 0.02, tags);
        datadog.feed('auth.cpu', made.busy && errors > 0 ? 95 : 20, tags);
      }
      void carryOut();
      if (busy) return;
      busy = true;
      checking = checkSuture().finally(() => {
        busy = false;
      });
    });
    stories.push(made);
    policies.push({ repo: { owner: repository.owner, name: repository.name }, services: parseRepositoryPolicy(rules).services });
    for (const step of await planSetup(client, DatadogConfig.parse(datadogConfig), {
      url: `${runtime.ingressUrl}/webhooks/datadog`,
      token: token?.reveal() ?? '',
      repositories: policies,
    }))
      await step.apply();
    await check(repository.head, 'main');
    await made.deploy(repository.head);
    return made;
  }
  const stopped = new Set<Story>();

  return {
    github,
    slack,
    datadog,
    healings: runtime.healings,
    story,
    async click(card, action, user) {
      const channel = slack.channels['healings'] ?? '';
      const { headers, body } = await slack.click({ channel, ts: card.ts, action, user });
      return async () => (await fetch(`${runtime.ingressUrl}/webhooks/slack`, { method: 'POST', headers, body })).status;
    },
    async until(healingId, what, ready) {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const view = await runtime.healings.view(healingId).catch(() => null);
        if (view !== null && ready(view)) return view;
        if (Date.now() > deadline) throw new Error(`${healingId} did not get to: ${what}\n${JSON.stringify(view, null, 1)}`);
        await pause(100);
      }
    },
    async close() {
      over = true;
      await machinery;
      for (const each of stories) {
        stopped.add(each);
        await each.stop();
      }
      await runtime.stop();
      await Promise.all([github.close(), slack.close(), datadog.close()]);
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
