import { createHash } from 'node:crypto';
import type { Signal } from '../../domain/signal.schema.ts';
import { oneLine } from '../../lib/one-line.ts';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import type { AlertSource, IntegrationContext, Parsed, RawRequest } from '../contract.ts';
import { ButtonValue, commandOf } from './button.ts';
import type { SlackConfig } from './config.schema.ts';
import { AnyPayload, BlockActions, formOf } from './payload.ts';
import { tellNotStored } from './response-url.ts';
import { signatureProblem } from './signature.ts';

/** Name of the secret that signs clicks. */
export const SIGNING_SECRET = 'slack-signing-secret';

/** A click carries the whole message with its blocks: 50 of them with 3,000 characters each, form-encoded, in bytes. */
const MAX_BYTES = 1024 * 1024;
/** Slack waits for 3 s; the rest is for the way. */
const ANSWER_MS = 2_500;

type Answer = ReturnType<AlertSource['parse']>;

const ignored = (reason: string): Parsed => ({ kind: 'ignored', reason: oneLine(reason, 300) });

/** The same click has the same id, however often it is delivered or replayed. */
function clickId({ team, user, channel, message }: BlockActions, action: BlockActions['actions'][number]): string {
  const parts = [team?.id ?? '', channel.id, message.ts, user.id, action.action_id, action.action_ts];
  return `slack-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 40)}`;
}

/** Why a click does not count, whoever signed it; null when it does. */
function foreign({ team, enterprise, user, api_app_id: app }: BlockActions, config: Pick<SlackConfig, 'teamId' | 'appId'>): string | null {
  if (config.teamId === undefined) return 'no workspace is configured: set integrations.slack.teamId';
  const of = [team?.id, enterprise?.id];
  if (!of.includes(config.teamId)) return 'the click is of another workspace';
  if (user.team_id !== undefined && !of.includes(user.team_id)) return 'the click is of a guest from another workspace';
  return config.appId !== undefined && app !== config.appId ? 'the click is for another app' : null;
}

function parse({ body, receivedAt }: RawRequest, config: Pick<SlackConfig, 'teamId' | 'appId'>): Answer {
  const form = formOf(body);
  if (form === null) return { kind: 'invalid', reason: 'the body is not UTF-8' };
  const given = form.getAll('payload');
  if (given.length === 0) return ignored('the form has no payload: only clicks on cards are used');
  if (given.length > 1) return { kind: 'invalid', reason: 'the form has more than one payload' };
  const json = parseOutsideJson(Buffer.from(given[0] ?? ''));
  if (!json.ok) return { kind: 'invalid', reason: `payload: ${json.reason}` };
  const kind = AnyPayload.safeParse(json.value).data?.type;
  if (kind === undefined) return { kind: 'invalid', reason: 'the payload has no type' };
  if (kind !== 'block_actions') return ignored(`interactions of type ${JSON.stringify(oneLine(kind, 40))} are not used`);
  const click = BlockActions.safeParse(json.value).data;
  if (click === undefined) return ignored('the click is not on a message in a channel');
  const problem = foreign(click, config);
  if (problem !== null) return ignored(problem);
  const action = click.actions.find(({ action_id }) => commandOf(action_id) !== null);
  const command = action === undefined ? null : commandOf(action.action_id);
  if (action === undefined || command === null) return ignored('the button is none of ours, or only a link');
  const carried = parseOutsideJson(Buffer.from(action.value ?? ''));
  const value = carried.ok ? ButtonValue.safeParse(carried.value).data : undefined;
  if (value === undefined) return ignored('the button carries no healing');
  if ((command === 'approve' || command === 'reject') && value.changeSet === undefined) return ignored('the button names no change');
  const at = new Date(Number(action.action_ts) * 1000);
  const signal: Signal = {
    id: clickId(click, action),
    source: 'slack',
    kind: 'commanded',
    repo: { owner: value.owner, name: value.name },
    subject: value.subject,
    at: (Number.isNaN(at.getTime()) ? receivedAt : at).toISOString(),
    // Never more than a first guess: before anything is done for them, Slack is asked who they are.
    actor: { id: `slack:${click.user.id}`, trust: 'outsider' },
    summary: `${command} by slack:${click.user.id}`,
    facts: {
      command,
      card: value.card,
      channel: click.channel.id,
      message: click.message.ts,
      user: click.user.id,
      ...(value.changeSet === undefined ? {} : { changeSet: value.changeSet }),
    },
  };
  return { kind: 'signals', signals: [signal] };
}

/** Clicks on our cards. They are signed over raw bytes and time; with two secrets either signs, so that one can be replaced without a gap. */
export function createSlackSource({
  config,
  secret,
}: Pick<IntegrationContext<Pick<SlackConfig, 'teamId' | 'appId' | 'hooksUrl' | 'timeoutMs'>>, 'config' | 'secret'>): AlertSource {
  return {
    maxBytes: MAX_BYTES,
    contentType: 'application/x-www-form-urlencoded',
    isProbe: ({ body }) => body.length < 4_096 && formOf(body)?.get('ssl_check') === '1',
    impatient: { answerWithinMs: ANSWER_MS, notStored: (request) => tellNotStored(request, config) },
    verify({ headers, body, receivedAt }) {
      const problem = signatureProblem(
        secret(SIGNING_SECRET).filter((held) => held !== ''),
        { timestamp: headers['x-slack-request-timestamp'], signature: headers['x-slack-signature'], body },
        receivedAt,
      );
      return problem === null ? { ok: true } : { ok: false, reason: problem };
    },
    parse: (request) => parse(request, config),
  };
}
