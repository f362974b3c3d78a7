import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import type { Finding } from '../contract.ts';
import type { SlackApi } from './api.ts';
import { allChannels } from './channels.ts';
import type { SlackConfig } from './config.schema.ts';
import { REQUIRED_SCOPES } from './required.ts';

/** Channels and groups that are looked at one by one. */
const MAX_EACH = 50;

const Channel = z.object({
  channel: z.object({ name: z.string().optional(), is_member: z.boolean().optional(), is_archived: z.boolean().optional() }),
});
const Members = z.object({ users: z.array(z.string()).default([]) });

async function finding(name: string, check: () => Promise<string> | string): Promise<Finding> {
  try {
    return { name, ok: true, detail: await check() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function no(message: string): never {
  throw new Failure('configuration-invalid', message);
}

async function workspace(api: SlackApi, config: SlackConfig): Promise<string> {
  const { teamId, team } = await api.self();
  if (config.teamId === undefined) no(`clicks do not count: set integrations.slack.teamId to ${teamId}`);
  // On Enterprise Grid the organisation stands in the configuration; its id begins with E.
  if (config.teamId.startsWith('T') && config.teamId !== teamId) {
    no(`the token is of ${teamId}, integrations.slack.teamId says ${config.teamId}; one of them belongs to another workspace`);
  }
  return `${team} (${config.teamId})`;
}

async function scopes(api: SlackApi): Promise<string> {
  const { scopes: held } = await api.self();
  if (held.length === 0) return 'Slack does not say which; every call below was allowed';
  const missing = REQUIRED_SCOPES.map(([scope]) => scope).filter((scope) => !held.includes(scope));
  if (missing.length > 0)
    no(`missing: ${missing.join(', ')}. Add them under OAuth & Permissions > Bot Token Scopes, then install the app again`);
  return `${REQUIRED_SCOPES.length} of ${REQUIRED_SCOPES.length}`;
}

async function channel(api: SlackApi, id: string): Promise<string> {
  const { channel: found } = await api.call('conversations.info', { channel: id }, Channel);
  if (found.is_archived === true) no('it is archived; name another in integrations.slack');
  if (found.is_member !== true) no(`the app is not in it; type /invite @Suture in #${found.name ?? id}`);
  return `#${found.name ?? id}`;
}

/** `suture doctor slack`: token, scopes, channels, approvers and the signing secret, each with the way out when it is missing. */
export async function diagnose(
  api: SlackApi,
  config: SlackConfig,
  secrets: { readonly signing: readonly string[] },
): Promise<readonly Finding[]> {
  const findings: Finding[] = [
    await finding('signing secret', () =>
      secrets.signing.length === 0
        ? no('no click can be verified; put it from Basic Information > App Credentials into SUTURE_SECRET_SLACK_SIGNING_SECRET')
        : `present${secrets.signing.length > 1 ? ', with the one before it' : ''}`,
    ),
    await finding('bot token', async () => `works at ${(await api.self()).url}`),
  ];
  if (findings.some(({ name, ok }) => name === 'bot token' && !ok)) return findings;
  findings.push(
    await finding('workspace', () => workspace(api, config)),
    await finding('scopes', () => scopes(api)),
    await finding('app', () =>
      config.appId === undefined
        ? no('set integrations.slack.appId to the App ID under Basic Information > App Credentials')
        : config.appId,
    ),
  );
  const channels = allChannels(config);
  if (channels.length === 0)
    findings.push({ name: 'channels', ok: false, detail: 'none: set integrations.slack.channel to the id of one' });
  for (const id of channels.slice(0, MAX_EACH)) findings.push(await finding(`channel ${id}`, () => channel(api, id)));
  if (config.approvers.length === 0) {
    findings.push({ name: 'approvers', ok: false, detail: 'nobody can decide from Slack: set integrations.slack.approvers' });
  }
  for (const id of config.approvers.filter((each) => each.startsWith('S')).slice(0, MAX_EACH)) {
    findings.push(
      await finding(`user group ${id}`, async () => {
        const { users } = await api.call('usergroups.users.list', { usergroup: id }, Members);
        return users.length === 0 ? no('nobody is in it') : `${users.length} member(s)`;
      }),
    );
  }
  return findings;
}
