import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { healingId } from '../../domain/ids.ts';
import type { Actor, Signal } from '../../domain/signal.schema.ts';
import type { CommandAnswer, CommandDesk } from '../contract.ts';
import type { SlackApi } from './api.ts';
import type { UserGroups } from './approvers.ts';
import type { SlackMessage } from './blocks.ts';
import { section } from './blocks.ts';
import type { SlackConfig } from './config.schema.ts';
import type { Delivery } from './delivery.ts';
import { healingHash, messageHash } from './hashes.ts';
import { mrkdwn } from './mrkdwn.ts';
import { mention } from './people.ts';
import { ownMessages } from './posting.ts';
import { SlackRefusal } from './refusal.ts';
import { renderLines } from './told.ts';

const ASKED: ReadonlySet<string> = new Set(['explain', 'status']);
const SIGNS = { obeyed: '✅', refused: '🚫', ignored: '➖' } as const;

const STRANGER = '🚫 Nothing was done: you are not among the people or user groups that may decide from Slack.';

/** What the alert source wrote into a signal. */
const Click = z.object({
  command: z.string(),
  card: z.string(),
  channel: z.string().regex(/^[CGD][A-Z0-9]{2,20}$/),
  message: z.string().regex(/^\d{1,12}\.\d{1,9}$/),
  user: z.string().regex(/^[UW][A-Z0-9]{2,20}$/),
});

function answerText(click: z.infer<typeof Click>, { kind, detail }: CommandAnswer): SlackMessage {
  if (kind === 'obeyed' && ASKED.has(click.command)) return renderLines(detail);
  const who = mention(click.user);
  const said =
    kind === 'obeyed' ? `${who}: ${mrkdwn(detail, 500)}` : `${who}, \`${mrkdwn(click.command, 20)}\` was not done: ${mrkdwn(detail, 500)}`;
  return { text: `${SIGNS[kind]} ${said}`, blocks: [section(`${SIGNS[kind]} ${said}`)] };
}

/** People who click in Slack: who they are by what is configured and what Slack says now, and how they are answered. */
export function createSlackDesk(options: {
  readonly api: SlackApi;
  readonly config: Pick<SlackConfig, 'approvers' | 'people'>;
  readonly groups: UserGroups;
  readonly delivery: Delivery;
  readonly now: () => number;
}): CommandDesk {
  const { api, config, delivery, now } = options;
  const groupIds = config.approvers.filter((id) => id.startsWith('S'));

  /** Only for them to see: an answer to everybody is a way to make us spam. Said at most once, for it cannot be found again. */
  const whisper = (click: z.infer<typeof Click>, name: string, text: string): Promise<void> =>
    delivery.once(name, async (undo) => {
      const args = { channel: click.channel, user: click.user, thread_ts: click.message, text, link_names: false, parse: 'none' };
      try {
        await api.call('chat.postEphemeral', args, z.unknown());
      } catch (error) {
        if (error instanceof Failure && error.code === 'rate-limited') {
          await undo();
          throw error;
        }
        // They left the channel, or Slack did not say whether they heard it; nothing was done for them in any case.
        if (!(error instanceof SlackRefusal) && !(error instanceof Failure)) throw error;
      }
    });

  return {
    async identify(_repo, id) {
      const user = id.replace(/^slack:/, '');
      const known: Actor = { id: config.people[user] ?? `slack:${user}`, trust: 'outsider' };
      if (!/^[UW][A-Z0-9]{2,20}$/.test(user)) return known;
      const groups = await options.groups.of(user, groupIds);
      if (groups.length === 0 && !config.approvers.includes(user)) return known;
      return { ...known, trust: 'maintainer', groups: groups.slice(0, 50).map((group) => `slack-group:${group}`) };
    },

    async outdated(signal) {
      const click = Click.safeParse(signal.facts).data;
      if (click === undefined) return 'the click names no card';
      const since = Number(click.message) * 1000;
      const healing = healingHash(healingId(signal.repo, signal.subject));
      const newest = (await ownMessages(api, { channel: click.channel, since }, { until: now(), pages: 5 })).findLast(
        ({ tag }) => tag.type === 'suture_card' && tag.healing === healing,
      );
      return newest === undefined || newest.tag.key === click.card ? null : 'this card is of an earlier healing; use the newest card';
    },

    async answer(signal: Signal, actor: Actor, answer) {
      const click = Click.safeParse(signal.facts).data;
      if (click === undefined) return;
      const name = messageHash(`answer ${signal.id}`, click.channel);
      const message = answerText(click, answer);
      if (actor.trust === 'outsider') return whisper(click, name, STRANGER);
      try {
        await delivery.say({
          form: 'message',
          channel: click.channel,
          tag: { type: 'suture_notice', key: name, healing: healingHash(healingId(signal.repo, signal.subject)) },
          message: { text: message.text, blocks: [...message.blocks] },
          at: now(),
          since: Date.parse(signal.at),
          thread: click.message,
        });
      } catch (error) {
        // What was decided holds, whether Slack can say so now or when it is back: then it is caught up.
        if (!(error instanceof Failure) || error.code === 'bug') throw error;
      }
    },
  };
}
