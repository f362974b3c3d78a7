import { createHash } from 'node:crypto';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Names a card in messages, buttons and files: short, safe, and not the key itself. */
export const cardHash = (key: string): string => hash(`card ${key}`);

/** Names a healing in the metadata of its messages. */
export const healingHash = (healingId: string): string => hash(`healing ${healingId}`);

/** Names a message that is posted once to a channel. */
export const messageHash = (key: string, channel: string): string => hash(`message ${key} ${channel}`);
