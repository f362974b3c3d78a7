import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Access, accessRoutes } from './access.ts';
import { actionsRoutes } from './actions-routes.ts';
import { archiveRoutes } from './archive.ts';
import { checkRoutes } from './checks.ts';
import { complete, organizationJson } from './complete.ts';
import { startContentHost } from './content-host.ts';
import { deploymentRoutes } from './deployments.ts';
import { Faults, faultReply } from './faults.ts';
import { forwardedRoutes, inGitHubsWords } from './forwarded.ts';
import { graphqlRoutes } from './graphql.ts';
import { handsOf } from './hands.ts';
import { hookRoutes } from './hook-routes.ts';
import { type Hook, Hooks } from './hooks.ts';
import { issueRoutes } from './issues.ts';
import { Memory } from './memory.ts';
import { ownCheck } from './own-check.ts';
import { peopleRoutes } from './people-routes.ts';
import { pictureOf } from './picture.ts';
import { pullFileRoutes } from './pull-files.ts';
import { autoMerge, pullRoutes } from './pull-routes.ts';
import { refRoutes } from './refs.ts';
import { isGenuine, relay } from './relay.ts';
import { createRepository } from './repository.ts';
import { reviewerRoutes } from './reviewers.ts';
import { Router } from './router.ts';
import { type Ending, type Incoming, startServer } from './server.ts';
import { specCheck } from './spec-check.ts';
import type { Call, GitHubStandIn, StandInOptions } from './stand-in-types.ts';
import { statusRoutes } from './statuses.ts';
import { teamRoutes, teamsOf } from './teams.ts';
import { startUpstream } from './upstream.ts';
import { type Ask, type Json, type Reply, refuse } from './wire.ts';
import { type StandInApp, senderJson, type World } from './world.ts';

export type { Call, GitHubStandIn, StandInOptions, StandInRepository } from './stand-in-types.ts';

/** Logins that exist everywhere. */
export const PEOPLE = ['maria', 'theo', 'olaf', 'suture-bot'] as const;

const ALL_PERMISSIONS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'actions',
    'checks',
    'contents',
    'deployments',
    'issues',
    'pull_requests',
    'statuses',
    'workflows',
    'repository_hooks',
    'organization_hooks',
    'members',
  ].map((name) => [name, 'write']),
);

/** What is fetched from the other host, by what it is: its links carry random parts. */
const contentOperation = ({ method, target }: Incoming): string =>
  `${method} /{link}/${/\.tar\.gz(\?|$)/.test(target) ? '{sha}.tar.gz' : (/\/([^/?]+)(\?|$)/.exec(target)?.[1] ?? '')}`;

/** How long nothing must happen before all events are taken as sent. */
const QUIET_MS = 20;

/** Starts a stand-in on loopback. Close it. */
export async function startGitHubStandIn(options: StandInOptions = {}): Promise<GitHubStandIn> {
  const now = options.now ?? Date.now;
  const org = options.org ?? 'acme';
  // Healings are named after repositories, and every file of a run shares one Temporal server.
  const mark = randomUUID().slice(0, 6);
  const privateKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
  const app: StandInApp = {
    id: 4242,
    slug: 'suture-healer',
    privateKey,
    installationId: 777,
    permissions: { metadata: 'read', administration: 'read', ...(options.permissions ?? ALL_PERMISSIONS) },
    accepted: options.accepted,
    events: options.events ?? ['*'],
  };
  const relaySecret = randomUUID();
  const webhookSecret = options.webhook?.secret ?? 'stand-in-secret';
  const tokens = Object.fromEntries(PEOPLE.map((login) => [login, `github_pat_${login}_${randomUUID().replaceAll('-', '')}`]));
  const access = new Access(new Map(Object.entries(tokens).map(([login, token]) => [token, login])), app, now);
  const router = new Router();
  const faults = new Faults();
  const check = await specCheck();
  const own = options.checkItself === true ? await ownCheck() : null;
  const inaccuracies = new Set<string>();
  const content = await startContentHost((incoming, answer) => underFault(contentOperation(incoming), incoming, null, answer));
  let lastId = 5_000_000;
  const nextId = (): number => {
    lastId += 1;
    return lastId;
  };
  const hooks = new Hooks(nextId, now);
  const memory = new Memory();
  const calls: Call[] = [];
  const violations: string[] = [];
  const events: Array<{ event: string; action: string | null; repo: string; payload: Json }> = [];
  const repositories: string[] = memory.keep([]);
  const manifests = memory.keep(new Map<string, Json>());
  memory.keepLength(events);
  memory.keep(hooks.hooks);
  memory.keep(hooks.deliveries);
  let busy = 0;
  let lastEvent = 0;

  const track = async <T>(work: Promise<T>): Promise<T> => {
    busy += 1;
    try {
      return await work;
    } finally {
      busy -= 1;
      lastEvent = performance.now();
    }
  };

  async function answer(incoming: Incoming, who: Ask['who'], found: NonNullable<ReturnType<Router['find']>>): Promise<Reply> {
    const text = incoming.raw.toString('utf8');
    let body: Json = null;
    try {
      body = text === '' ? null : (JSON.parse(text) as Json);
    } catch {
      return refuse(400, 'Problems parsing JSON');
    }
    const { owner = '', repo = '' } = found.params;
    const full = repositories.find((name) => name.toLowerCase() === `${owner}/${repo}`.toLowerCase()) ?? `${owner}/${repo}`;
    const url = new URL(incoming.target, 'http://stand-in');
    const ask: Ask = { ...incoming, query: url.searchParams, params: found.params, body, who, repo: full };
    // A repository that the installation or the person may not see is not there.
    if (repo !== '') {
      const seen = await world.upstream.send('GET', `/repos/${full}`, null, who.kind === 'app' ? 'admin' : who);
      if (seen.status !== 200) return refuse(404, 'Not Found');
    }
    const made = inGitHubsWords(await found.handler(ask), who.kind === 'installation');
    return made.status < 400 ? { ...made, body: complete(world, made.body) } : made;
  }

  /** Takes note of a call, and has happen to it what the fault in force says. */
  async function underFault(
    operation: string,
    incoming: Incoming,
    body: Json,
    work: () => Promise<Reply>,
  ): Promise<{ reply: Reply; ending: Ending }> {
    const { pathname } = new URL(incoming.target, 'http://stand-in');
    const rule = faults.next(incoming.method, pathname);
    const call: Call = { operation, path: pathname, status: 0, body, ...(rule === null ? {} : { fault: rule.kind }) };
    calls.push(call);
    const instead = rule === null ? null : faultReply(rule, now());
    if (instead !== null) {
      call.status = instead.status;
      return { reply: instead, ending: 'whole' };
    }
    if (rule?.kind === 'hang') options.hangs?.();
    if (rule?.kind === 'reset' || rule?.kind === 'hang') return { reply: refuse(500, ''), ending: rule.kind };
    const reply = await track(work());
    if (rule?.kind === 'after-effect-hang') options.hangs?.();
    if (rule?.kind === 'after-effect') return { reply, ending: 'reset' };
    if (rule?.kind === 'after-effect-hang') return { reply, ending: 'hang' };
    call.status = reply.status;
    return { reply, ending: rule?.kind === 'reset-mid-body' || rule?.kind === 'truncated-json' ? rule.kind : 'whole' };
  }

  async function serve(incoming: Incoming): Promise<{ reply: Reply; ending: Ending }> {
    const { method, target, headers, raw } = incoming;
    const url = new URL(target, 'http://stand-in');
    if (url.pathname === '/_relay') {
      if (!isGenuine(headers, raw, relaySecret))
        violations.push(`emulate: ${headers['x-github-event']} is not signed or typed as GitHub's`);
      const event = headers['x-github-event'] ?? '';
      await track(relay(world, event, JSON.parse(raw.toString('utf8')) as Json)).catch((error: unknown) =>
        violations.push(`stand-in: event ${event}: ${String(error)}`),
      );
      return { reply: { status: 204, body: null }, ending: 'whole' };
    }
    const found = router.find(method, url.pathname);
    const text = raw.toString('utf8');
    let body: Json = null;
    try {
      body = text === '' ? null : (JSON.parse(text) as Json);
    } catch {
      violations.push(`${method} ${url.pathname}: the body is not JSON`);
    }
    if (check !== null && url.pathname !== '/graphql')
      violations.push(...check({ method, path: url.pathname, query: url.searchParams, headers: headers as Record<string, string>, body }));
    return underFault(found?.operation ?? `${method} ${url.pathname}`, incoming, body, async () => {
      const who = access.identify(headers['authorization']);
      const reply = 'status' in who ? who : found === null ? refuse(404, 'Not Found') : await answer(incoming, who, found);
      if (own !== null && reply.status < 400)
        for (const wrong of own.answer(method, url.pathname, reply.status, reply.body)) inaccuracies.add(wrong);
      return reply;
    });
  }

  const server = await startServer(serve);
  const upstream = await startUpstream(
    {
      org,
      people: PEOPLE,
      repositories: [],
      apps: [
        {
          app_id: app.id,
          slug: app.slug,
          name: 'Suture',
          private_key: privateKey,
          permissions: app.permissions,
          events: [],
          installations: [{ installation_id: app.installationId, account: org, repository_selection: 'all' }],
        },
        {
          app_id: 1,
          slug: 'relay',
          name: 'Relay',
          private_key: privateKey,
          permissions: {},
          events: ['*'],
          ...(options.relay === false ? {} : { webhook_url: `${server.url}/_relay` }),
          webhook_secret: relaySecret,
          installations: [{ installation_id: 1, account: org, repository_selection: 'all' }],
        },
      ],
    },
    server.url,
  );

  const world: World = {
    url: server.url,
    org,
    app,
    upstream,
    content,
    hooks,
    actions: { workflows: memory.keep([]), runs: memory.keep([]), suites: memory.keep(new Map()) },
    memory,
    now,
    nextId,
    rules: memory.keep(new Map()),
    pulls: memory.keep(new Map()),
    statuses: memory.keep(new Map()),
    invitations: memory.keep(new Set()),
    reactions: memory.keep(new Map()),
    deployments: memory.keep(new Map()),
    checkRuns: memory.keep(new Map()),
    async emit(event, repo, payload, sender) {
      await track(
        (async () => {
          const repository = await upstream.find(`/repos/${repo}`);
          if (repository === null) return;
          const whole = complete(world, {
            ...payload,
            repository,
            organization: organizationJson(world, org),
            sender: 'kind' in sender ? senderJson(world, sender) : sender,
            installation: { id: app.installationId, node_id: `I_${app.installationId}` },
          });
          events.push({ event, action: payload.action ?? null, repo, payload: whole });
          if (own !== null)
            for (const found of own.event(event, payload.action ?? null, JSON.parse(JSON.stringify(whole)) as Json))
              inaccuracies.add(found);
          hooks.deliver(event, whole, repo);
        })(),
      );
    },
    settle: (repo) => autoMerge(world, repo),
  };

  const { id: appHookId } = hooks.add(
    { type: 'integration', id: app.id, name: app.slug },
    { url: options.webhook?.url ?? '', secret: webhookSecret, content_type: 'json' },
    app.events,
  );
  const appHook = (): Hook => {
    const found = hooks.hooks.find((hook) => hook.id === appHookId);
    if (found === undefined) throw new Error('the hook of the App is gone');
    return found;
  };
  upstream.keptIn(memory);
  const mayManage = (ask: Ask): Reply | null => {
    if (ask.who.kind === 'installation')
      return ask.who.permissions['repository_hooks'] === 'write' ? null : refuse(403, 'Resource not accessible by integration');
    return ask.who.kind === 'user' && ask.who.login !== 'olaf' ? null : refuse(404, 'Not Found');
  };
  forwardedRoutes(router, world);
  accessRoutes(router, world, access, manifests, () => repositories);
  hookRoutes(router, world, appHook, mayManage);
  refRoutes(router, world);
  issueRoutes(router, world);
  pullRoutes(router, world);
  reviewerRoutes(router, world);
  pullFileRoutes(router, world);
  checkRoutes(router, world);
  actionsRoutes(router, world);
  statusRoutes(router, world);
  deploymentRoutes(router, world);
  archiveRoutes(router, world);
  peopleRoutes(router, world);
  teamRoutes(router, world);
  graphqlRoutes(router, world, () => repositories);

  return {
    url: server.url,
    org,
    app,
    webhookSecret,
    tokens,
    calls,
    get violations() {
      return [...violations, ...content.leaked.map((path) => `a token was sent to another host: ${path}`)];
    },
    specAvailable: check !== null,
    inaccuracies,
    events,
    deliveries: hooks.deliveries,
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    loseDeliveries: (matches) => hooks.lose(matches),
    pointWebhook(url, secret) {
      const { config } = appHook();
      config.url = url;
      if (secret !== undefined) config.secret = secret;
    },
    async repository(spec = {}) {
      const made = await createRepository(world, { name: `shop-${mark}-${repositories.length + 1}`, ...spec });
      repositories.push(made.fullName);
      return { ...made, hands: handsOf(world, router, made.fullName) };
    },
    async settled() {
      do {
        await hooks.settled();
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      } while (busy > 0 || hooks.busy || performance.now() - lastEvent < QUIET_MS);
    },
    get mintedTokens() {
      return access.minted;
    },
    expireTokens: () => access.expireAll(),
    teams: teamsOf(world),
    moment: () => memory.moment(),
    picture: (repo) => pictureOf(world, repo),
    manifestCode() {
      const code = randomUUID();
      manifests.set(code, {
        id: app.id,
        slug: app.slug,
        name: 'Suture',
        client_id: 'Iv1.1',
        client_secret: 'cs',
        webhook_secret: webhookSecret,
        pem: privateKey,
        html_url: `${server.url}/apps/${app.slug}`,
        owner: { login: org },
        permissions: app.permissions,
        events: app.events,
      });
      return code;
    },
    async close() {
      await hooks.settled();
      await server.close();
      await upstream.close();
      await content.close();
    },
  };
}
