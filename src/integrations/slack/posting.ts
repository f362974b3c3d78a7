import { z } from 'zod';
import type { SlackApi } from './api.ts';
import type { SlackMessage } from './blocks.ts';
import { unlessRefused } from './refusal.ts';

/** Pages of a channel that are looked through for one message, and messages on each: Slack gives 999 at most. What lies beyond is posted once more. */
const PAGES = 20;
const PER_PAGE = 200;
/** Slack's clock may be behind ours by this much, in milliseconds. */
const SKEW_MS = 5 * 60_000;

/** What Suture writes into the metadata of its messages, by which they are found again. */
export interface Tag {
  readonly type: 'suture_card' | 'suture_notice';
  /** Hash of what the message is for. */
  readonly key: string;
  /** Hash of the healing. */
  readonly healing: string;
}

/** A message, and the time that it is of: milliseconds. */
export type Dated = SlackMessage & { readonly at: number };

/** Where a message goes, and since when it may be there (milliseconds; in a thread everything is looked at). */
export interface Place {
  readonly channel: string;
  readonly thread?: string;
  readonly since: number;
  /** An answer in a thread that is shown in the channel, too. */
  readonly broadcast?: boolean;
}

/** Only the newest messages until then (milliseconds), on so many pages. */
export interface Newest {
  readonly until: number;
  readonly pages: number;
}

/** A message of ours, as the channel has it. */
export interface Found {
  readonly ts: string;
  readonly tag: Tag;
  /** The time that what it shows is of, milliseconds by the clock of who wrote it. */
  readonly at: number;
}

const Ts = z.string().regex(/^\d{1,12}\.\d{1,9}$/);
const History = z.object({
  messages: z
    .array(
      z.object({
        ts: Ts,
        user: z.string().optional(),
        metadata: z.unknown(),
      }),
    )
    .default([]),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
const Metadata = z.object({
  event_type: z.enum(['suture_card', 'suture_notice']),
  event_payload: z.object({ key: z.string(), healing: z.string(), at: z.number() }),
});
const Posted = z.object({ ts: Ts });
const Any = z.unknown();

const seconds = (ms: number): string => (Math.max(0, ms) / 1000).toFixed(6);

const metadataOf = ({ type, key, healing }: Tag, at: number) => ({ event_type: type, event_payload: { key, healing, at } });

/** Our own messages at a place, oldest first. Another app's are not: it could make us believe that we have spoken. */
export async function ownMessages(api: SlackApi, place: Place, newest?: Newest): Promise<readonly Found[]> {
  const { userId } = await api.self();
  const found: Found[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < (newest?.pages ?? PAGES); page += 1) {
    const { messages, response_metadata } = await api.call(
      place.thread === undefined ? 'conversations.history' : 'conversations.replies',
      {
        channel: place.channel,
        include_all_metadata: true,
        limit: PER_PAGE,
        cursor,
        // Slack begins at the time that is given: at the older one unless there is a newer.
        ...(place.thread === undefined ? { oldest: seconds(place.since - SKEW_MS), inclusive: true } : { ts: place.thread }),
        ...(newest === undefined ? {} : { latest: seconds(newest.until + SKEW_MS) }),
      },
      History,
    );
    for (const { ts, user, metadata } of messages) {
      const read = Metadata.safeParse(metadata).data;
      if (user !== userId || read === undefined) continue;
      const { key, healing, at } = read.event_payload;
      found.push({ ts, tag: { type: read.event_type, key, healing }, at });
    }
    cursor = response_metadata?.next_cursor;
    if (cursor === undefined || cursor === '') break;
  }
  return found.sort((one, other) => (one.ts < other.ts ? -1 : 1));
}

const same = (one: Tag, other: Tag): boolean => one.type === other.type && one.key === other.key;

async function remove(api: SlackApi, channel: string, ts: string): Promise<void> {
  await unlessRefused(['message_not_found'], null, api.call('chat.delete', { channel, ts }, Any));
}

/** The one message of a tag, the oldest; later ones, of a post that was given up on and took effect after all, are removed. Null when there is none. */
export async function settle(api: SlackApi, place: Place, tag: Tag): Promise<string | null> {
  const [first, ...later] = (await ownMessages(api, place)).filter((message) => same(message.tag, tag));
  for (const { ts } of later) await remove(api, place.channel, ts);
  return first?.ts ?? null;
}

/** Posts a message unless it is there. `fresh` says that it was posted just now, as given. */
export async function postOnce(
  api: SlackApi,
  place: Place,
  tag: Tag,
  { text, blocks, at }: Dated,
): Promise<{ readonly ts: string; readonly fresh: boolean }> {
  const there = await settle(api, place, tag);
  if (there !== null) return { ts: there, fresh: false };
  const { ts } = await api.call(
    'chat.postMessage',
    {
      channel: place.channel,
      thread_ts: place.thread,
      reply_broadcast: place.broadcast === true && place.thread !== undefined ? true : undefined,
      text,
      blocks,
      metadata: metadataOf(tag, at),
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
      parse: 'none',
    },
    Posted,
  );
  // Somebody else may have looked in the same moment and posted, too: the older message stays, whoever looks.
  const stays = await settle(api, place, tag);
  return stays === null || stays === ts ? { ts, fresh: true } : { ts: stays, fresh: false };
}

/** Edits a message; false when it is not there any more, or not ours to edit. */
export async function edit(api: SlackApi, channel: string, ts: string, tag: Tag, { text, blocks, at }: Dated): Promise<boolean> {
  const call = api.call('chat.update', { channel, ts, text, blocks, metadata: metadataOf(tag, at), link_names: false, parse: 'none' }, Any);
  return (await unlessRefused(['message_not_found', 'cant_update_message'], false, call)) !== false;
}
