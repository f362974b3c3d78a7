import { REQUIRED_SCOPES } from '../../../src/integrations/slack/required.ts';
import { type Ending, type Incoming, startServer } from '../github/server.ts';
import { type Json, type Reply, reply } from '../github/wire.ts';
import { blockProblems } from './block-kit.ts';
import { clickPayload, type SignedRequest, signedForm } from './clicks.ts';
import { type Fault, type FaultRule, Faults, faultReply } from './faults.ts';
import { specCheck } from './spec-check.ts';
import { startSlackUpstream } from './upstream.ts';

/** Ids that are the same in every stand-in. */
export const TEAM = 'T000000001';
/** Id of the app. */
export const APP = 'A0SUTURE01';
/** What signs clicks. */
export const SIGNING = 'a-signing-secret-of-thirty-two-by';

/** One call as it came in. */
export interface SlackCall {
  readonly method: string;
  readonly args: Readonly<Record<string, string>>;
  readonly fault?: string;
}

/** A stand-in for Slack on loopback: `emulate`'s Web API, and around it user groups, Block Kit's limits, clicks, faults and the published specification. */
export interface SlackStandIn {
  readonly apiUrl: string;
  /** Where answers to clicks go. */
  readonly hooksUrl: string;
  /** The bot token that works; a new one takes its place. */
  readonly token: string;
  readonly users: Readonly<Record<string, string>>;
  readonly channels: Readonly<Record<string, string>>;
  readonly calls: SlackCall[];
  /** What Slack would not have taken. */
  readonly violations: string[];
  readonly specAvailable: boolean;
  /** Ephemeral messages: only the one they are for sees them. */
  readonly whispers: Array<{ readonly channel: string; readonly user: string; readonly text: string; readonly thread: string | undefined }>;
  /** What was posted to a response URL. */
  readonly responses: Array<{ readonly path: string; readonly body: Json }>;
  setGroup(id: string, members: readonly string[]): void;
  fault(rule: FaultRule): Fault;
  clearFaults(): void;
  /** Messages of a channel or of a thread, oldest first, as people see them. */
  messages(channel: string, thread?: string): Promise<readonly Json[]>;
  /** A click of somebody on a button of a message, signed. */
  click(options: {
    readonly channel: string;
    readonly ts: string;
    readonly action: string;
    readonly user: string;
    /** Milliseconds; default now. */
    readonly at?: number;
    readonly change?: (payload: Json) => Json;
    readonly secret?: string;
  }): Promise<SignedRequest>;
  close(): Promise<void>;
}

/** Starts a stand-in. Close it. */
export async function startSlackStandIn(
  options: { readonly scopes?: readonly string[]; readonly channels?: readonly string[] } = {},
): Promise<SlackStandIn> {
  const token = `xoxb-${crypto.randomUUID()}`;
  const scopes = options.scopes ?? REQUIRED_SCOPES.map(([scope]) => scope);
  const check = await specCheck();
  const upstream = await startSlackUpstream({
    people: ['suture', 'mara', 'theo', 'olaf'],
    channels: options.channels ?? ['healings', 'payments'],
    token,
    scopes,
  });
  const faults = new Faults();
  const groups = new Map<string, readonly string[]>();
  const calls: SlackCall[] = [];
  const violations: string[] = [];
  const whispers: SlackStandIn['whispers'] = [];
  const responses: SlackStandIn['responses'] = [];

  function userGroup(args: Readonly<Record<string, string>>): Json {
    if (!scopes.includes('usergroups:read'))
      return { ok: false, error: 'missing_scope', needed: 'usergroups:read', provided: scopes.join(',') };
    const users = groups.get(args['usergroup'] ?? '');
    return users === undefined ? { ok: false, error: 'no_such_subteam' } : { ok: true, users };
  }

  async function answer(method: string, args: Readonly<Record<string, string>>, given: string | undefined): Promise<Json> {
    // `emulate` takes every token for somebody's.
    if (given !== token) return { ok: false, error: given === undefined ? 'not_authed' : 'invalid_auth' };
    if (method === 'usergroups.users.list') return userGroup(args);
    if (args['blocks'] !== undefined) {
      const problems = blockProblems(JSON.parse(args['blocks']));
      violations.push(...problems.map((problem) => `${method}: ${problem}`));
      if (problems.length > 0) return { ok: false, error: 'invalid_blocks' };
    }
    if ((args['text'] ?? '').length > 40_000) return { ok: false, error: 'msg_too_long' };
    const body: Json = await upstream.call(method, args, given);
    if (method === 'chat.postEphemeral' && body.ok === true) {
      whispers.push({ channel: args['channel'] ?? '', user: args['user'] ?? '', text: args['text'] ?? '', thread: args['thread_ts'] });
    }
    if (method === 'conversations.history' && body.ok === true) {
      const within = (ts: string): boolean => ts >= (args['oldest'] ?? '') && (args['latest'] === undefined || ts <= args['latest']);
      body.messages = body.messages.filter((message: Json) => within(message.ts));
    }
    // Without being asked for it, Slack keeps what an app wrote beside its messages.
    if (method.startsWith('conversations.') && args['include_all_metadata'] !== 'true')
      for (const message of body.messages ?? []) if (message.metadata !== undefined) delete message.metadata.event_payload;
    return body;
  }

  async function serve({ method: verb, target, headers, raw }: Incoming): Promise<{ reply: Reply; ending: Ending }> {
    const { pathname } = new URL(target, 'http://stand-in');
    if (pathname.startsWith('/hooks/')) {
      responses.push({ path: pathname, body: JSON.parse(raw.toString('utf8')) as Json });
      return { reply: reply(200, Buffer.from('ok')), ending: 'whole' };
    }
    const method = pathname.replace(/^\/api\//, '');
    const args = Object.fromEntries(new URLSearchParams(raw.toString('utf8')));
    const given = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1];
    if (verb !== 'POST' || !(headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'))
      violations.push(`${method}: ${verb} ${headers['content-type'] ?? ''}`);
    if (check !== null) violations.push(...check({ method, token: given, args }));
    const rule = faults.next(method);
    calls.push({ method, args, ...(rule === null ? {} : { fault: rule.kind }) });
    const instead = rule === null ? null : faultReply(rule);
    if (instead !== null) return { reply: instead, ending: 'whole' };
    if (rule?.kind === 'reset' || rule?.kind === 'hang') return { reply: reply(500), ending: rule.kind };
    const made = reply(200, await answer(method, args, given), { 'x-oauth-scopes': scopes.join(','), 'x-accepted-oauth-scopes': '' });
    if (rule?.kind === 'after-effect') return { reply: made, ending: 'reset' };
    if (rule?.kind === 'after-effect-hang') return { reply: made, ending: 'hang' };
    return { reply: made, ending: rule?.kind === 'reset-mid-body' || rule?.kind === 'truncated-json' ? rule.kind : 'whole' };
  }

  const server = await startServer(serve);
  const messages: SlackStandIn['messages'] = async (channel, thread) => {
    const body: Json = await upstream.call(
      thread === undefined ? 'conversations.history' : 'conversations.replies',
      { channel, limit: '999', ...(thread === undefined ? {} : { ts: thread }) },
      'the-hands-of-the-test',
    );
    if (body.ok !== true) throw new Error(`stand-in: ${body.error}`);
    return [...body.messages].sort((one: Json, other: Json) => (one.ts < other.ts ? -1 : 1));
  };

  return {
    apiUrl: `${server.url}/api/`,
    hooksUrl: `${server.url}/hooks/`,
    token,
    users: upstream.users,
    channels: upstream.channels,
    calls,
    violations,
    specAvailable: check !== null,
    whispers,
    responses,
    setGroup: (id, members) => groups.set(id, members),
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    messages,
    async click({ channel, ts, action, user, at = Date.now(), change = (same) => same, secret = SIGNING }) {
      const message = (await messages(channel)).find((each) => each.ts === ts);
      const payload = clickPayload({
        teamId: TEAM,
        appId: APP,
        channel,
        message,
        actionId: action,
        user,
        responseUrl: `${server.url}/hooks/actions/${TEAM}/${crypto.randomUUID()}`,
        at,
      });
      return signedForm({ payload: JSON.stringify(change(payload)) }, secret, at);
    },
    async close() {
      await server.close();
      await upstream.close();
    },
  };
}
