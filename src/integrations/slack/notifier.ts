import type { HandOver } from '../../domain/hand-over.schema.ts';
import { parseHealingId } from '../../domain/ids.ts';
import type { ArtifactRef } from '../../domain/names.schema.ts';
import type { Notifier } from '../contract.ts';
import type { SlackMessage } from './blocks.ts';
import { renderCard } from './card.ts';
import { addressees, channelOf } from './channels.ts';
import type { SlackConfig } from './config.schema.ts';
import type { Delivery } from './delivery.ts';
import { cardHash, healingHash, messageHash } from './hashes.ts';
import { renderHandOver, renderNotice } from './told.ts';

/** A message outside a thread may have been posted by an earlier run of its activity within this time, in milliseconds. */
const EARLIER_MS = 24 * 3_600_000;
/** Bytes of a diff that are looked at; a message holds less. */
const DIFF_BYTES = 64 * 1024;

async function diffOf(message: HandOver, readArtifact: (ref: ArtifactRef) => Promise<Uint8Array>): Promise<string | null> {
  if (message.diff === undefined) return null;
  try {
    return Buffer.from((await readArtifact(message.diff)).subarray(0, DIFF_BYTES)).toString('utf8');
  } catch {
    // People are told in any case: the branch and the commands are enough to go on.
    return null;
  }
}

/** Tells people in Slack: a card for each healing, and messages in its thread. */
export function createSlackNotifier(options: {
  readonly config: Pick<SlackConfig, 'channel' | 'channels'>;
  readonly delivery: Delivery;
  readonly readArtifact: (ref: ArtifactRef) => Promise<Uint8Array>;
  readonly now: () => number;
}): Required<Notifier> {
  const { config, delivery, now } = options;

  async function tell(
    about: { readonly healingId: string; readonly key: string; readonly to: readonly string[] | undefined; readonly broadcast: boolean },
    render: (mentioned: readonly string[]) => SlackMessage,
  ): Promise<void> {
    const { channels, mentioned } = addressees(about.to);
    const repo = parseHealingId(about.healingId)?.repo;
    const own = repo === undefined ? null : channelOf(config, repo);
    const message = render(mentioned);
    for (const channel of channels.length > 0 ? channels : own === null ? [] : [own]) {
      await delivery.say({
        form: 'message',
        channel,
        tag: { type: 'suture_notice', key: messageHash(about.key, channel), healing: healingHash(about.healingId) },
        message: { text: message.text, blocks: [...message.blocks] },
        at: now(),
        since: now() - EARLIER_MS,
        thread: 'card',
        broadcast: about.broadcast,
      });
    }
  }

  return {
    async card(card, key) {
      const channel = channelOf(config, card.repo);
      if (channel === null) return;
      const hash = cardHash(key);
      const message = renderCard(card, hash);
      await delivery.say({
        form: 'card',
        channel,
        tag: { type: 'suture_card', key: hash, healing: healingHash(card.healingId) },
        message: { text: message.text, blocks: [...message.blocks] },
        at: now(),
        since: Date.parse(card.since),
        ended: card.outcome !== undefined,
      });
    },
    notify: (notice, key) =>
      tell(
        // Who is waited for must see it without opening threads.
        { healingId: notice.healingId, key, to: notice.to, broadcast: notice.kind === 'reminder' || notice.kind === 'escalation' },
        (mentioned) => renderNotice(notice, mentioned),
      ),
    async handOver(message, key, to) {
      const diff = await diffOf(message, options.readArtifact);
      await tell({ healingId: message.healingId, key: `hand-over ${key}`, to, broadcast: false }, (mentioned) =>
        renderHandOver(message, diff, mentioned),
      );
    },
    catchUp: () => delivery.catchUp(),
  };
}
