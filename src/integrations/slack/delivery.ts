import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { LockTimeout, withFileLock } from '../../lib/file-lock.ts';
import type { SlackApi } from './api.ts';
import { jsonFolder } from './files.ts';
import { edit, ownMessages, postOnce, settle } from './posting.ts';

/** What is kept while Slack is away, at most; the oldest goes first. After a week nobody wants to read it. */
const MAX_KEPT = 500;
const KEEP_MS = 7 * 24 * 3_600_000;
/** What is remembered of messages that were posted; beyond it, they are found again at Slack. */
const REMEMBER_MS = 60 * 24 * 3_600_000;
/** How long two activities wait for each other. */
const LOCK_MS = 20_000;
/** A card that nobody here remembers is looked for among the newest messages of so many days. */
const CARD_DAYS_MS = 3 * 24 * 3_600_000;

const Item = z.object({
  /** A card is edited from then on, a message is posted once. */
  form: z.enum(['card', 'message']),
  channel: z.string(),
  tag: z.object({ type: z.enum(['suture_card', 'suture_notice']), key: z.string(), healing: z.string() }),
  message: z.object({ text: z.string(), blocks: z.array(z.looseObject({ type: z.string() })) }),
  /** When it was first to be said, and since when it may be there: milliseconds. */
  at: z.number(),
  since: z.number(),
  /** Thread it belongs to; `card`: that of the healing's card, if there is one. */
  thread: z.string().optional(),
  broadcast: z.boolean().optional(),
  /** The last word of a card. */
  ended: z.boolean().optional(),
});
/** One thing to say, rendered. */
export type Item = z.infer<typeof Item>;

const Remembered = z.object({ channel: z.string(), ts: z.string() });

/** Says things once, and keeps what could not be said. */
export interface Delivery {
  /** Throws why it could not be said; it is kept then, and said by `catchUp` unless a repeat comes first. */
  say(item: Item): Promise<void>;
  catchUp(): Promise<{ readonly delivered: number; readonly waiting: number }>;
  /** Runs something at most once for a name, whatever happens in between; `undo` forgets that it ran. */
  once(name: string, work: (undo: () => Promise<void>) => Promise<void>): Promise<void>;
}

/** The delivery of a state folder. */
export function createDelivery(api: SlackApi, stateDir: string, now: () => number): Delivery {
  const folder = join(stateDir, 'slack');
  const kept = jsonFolder(join(folder, 'kept'), Item);
  const posted = jsonFolder(join(folder, 'posted'), Remembered);
  const cards = jsonFolder(join(folder, 'cards'), Remembered);

  async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await withFileLock(join(folder, 'locks', name), work, LOCK_MS);
    } catch (error) {
      if (error instanceof LockTimeout) throw new Failure('notifier-unavailable', error.message, { cause: error });
      throw error;
    }
  }

  /** The thread of a healing's card in a channel; undefined when there is no card. */
  async function cardThread(healing: string, channel: string): Promise<string | undefined> {
    const known = await cards.get(healing);
    if (known?.channel === channel) return known.ts;
    const place = { channel, since: now() - CARD_DAYS_MS };
    const found = (await ownMessages(api, place, { until: now(), pages: 1 })).findLast(
      ({ tag }) => tag.type === 'suture_card' && tag.healing === healing,
    );
    if (found !== undefined) await cards.put(healing, { channel, ts: found.ts });
    return found?.ts;
  }

  async function overtaken(item: Item): Promise<boolean> {
    const found = (await ownMessages(api, { channel: item.channel, since: item.since })).find(
      ({ tag }) => tag.key === item.tag.key && tag.type === item.tag.type,
    );
    return found !== undefined && found.at > item.at;
  }

  async function showCard(item: Item): Promise<void> {
    const { tag } = item;
    const message = { ...item.message, at: item.at };
    const known = await posted.get(tag.key);
    if (known !== null && (await edit(api, known.channel, known.ts, tag, message))) {
      // The last look at it: what a post that was given up on left behind is taken away.
      if (item.ended === true) await settle(api, { channel: known.channel, since: item.since }, tag);
      return;
    }
    const place = { channel: item.channel, since: item.since };
    const { ts, fresh } = await postOnce(api, place, tag, message);
    if (!fresh) await edit(api, item.channel, ts, tag, message);
    await posted.put(tag.key, { channel: item.channel, ts });
    await cards.put(tag.healing, { channel: item.channel, ts });
  }

  async function postMessage(item: Item): Promise<void> {
    if ((await posted.get(item.tag.key)) !== null) return;
    const thread = item.thread === 'card' ? await cardThread(item.tag.healing, item.channel) : item.thread;
    const place = {
      channel: item.channel,
      since: item.since,
      broadcast: item.broadcast === true,
      ...(thread === undefined ? {} : { thread }),
    };
    const { ts } = await postOnce(api, place, item.tag, { ...item.message, at: item.at });
    await posted.put(item.tag.key, { channel: item.channel, ts });
  }

  async function bring(item: Item): Promise<void> {
    if (item.form === 'card') await showCard(item);
    else await postMessage(item);
    await kept.remove(item.tag.key);
  }

  async function keep(item: Item): Promise<void> {
    const names = await kept.names();
    const before = await kept.get(item.tag.key);
    for (const name of before === null ? names.slice(0, Math.max(0, names.length - MAX_KEPT + 1)) : []) await kept.remove(name);
    // A card is kept as it stands now, a message with the time at which it may have been posted first.
    const since = Math.min(item.since, before?.since ?? item.since);
    await kept.put(item.tag.key, { ...item, since });
  }

  return {
    say: (item) =>
      alone(item.tag.key, async () => {
        try {
          const before = await kept.get(item.tag.key);
          await bring(before === null ? item : { ...item, since: Math.min(item.since, before.since) });
        } catch (error) {
          // Nobody could say later what Slack does not understand.
          if (!(error instanceof Failure) || error.code !== 'bug') await keep(item);
          throw error;
        }
      }),

    async catchUp() {
      let delivered = 0;
      for (const name of await kept.names()) {
        try {
          await alone(name, async () => {
            const item = await kept.get(name);
            // Another worker may have shown a newer card meanwhile.
            if (item === null || now() - item.at > KEEP_MS || (item.form === 'card' && (await overtaken(item)))) await kept.remove(name);
            else {
              await bring(item);
              delivered += 1;
            }
          });
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          if (error.code === 'rate-limited' || error.code === 'notifier-unavailable') break;
          if (error.code === 'bug') await kept.remove(name);
        }
      }
      for (const remembered of [posted, cards]) await remembered.prune(REMEMBER_MS, now());
      return { delivered, waiting: (await kept.names()).length };
    },

    once: (name, work) =>
      alone(name, async () => {
        if ((await posted.get(name)) !== null) return;
        await posted.put(name, { channel: '', ts: '' });
        await work(() => posted.remove(name));
      }),
  };
}
