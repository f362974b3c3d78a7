import { join } from 'node:path';
import { z } from 'zod';
import type { HandOver } from '../../domain/hand-over.schema.ts';
import type { ArtifactRef } from '../../domain/names.schema.ts';
import type { Notifier } from '../contract.ts';
import { createAtomically, namesIn, readAllJson, writeAtomically, writeJson } from './atomic-file.ts';
import { handOverPage } from './hand-over-page.ts';
import { fileNameFor } from './paths.ts';
import { createWholeFolder } from './whole-folder.ts';

/** One line that was told to people, `notifications/<key>.json`. */
export const NotificationRecord = z.object({
  key: z.string(),
  at: z.string(),
  healingId: z.string(),
  kind: z.enum(['approval-wanted', 'reminder', 'outcome', 'escalation', 'hand-over']),
  text: z.string(),
});
export type NotificationRecord = z.infer<typeof NotificationRecord>;

/** Reads content that the state folder keeps by its hash; absent where nobody hands one in. */
export type ReadArtifact = (ref: ArtifactRef) => Promise<Uint8Array>;

/** Where the hand-over bundle of a key lies. */
export function handOverFolder(stateDir: string, key: string): string {
  return join(stateDir, 'hand-over', fileNameFor(key));
}

/** Everything that was told to people, oldest first. */
export async function readNotifications(stateDir: string): Promise<readonly NotificationRecord[]> {
  const records = await readAllJson(join(stateDir, 'notifications'), NotificationRecord);
  return [...records].sort((a, b) => (a.at < b.at ? -1 : 1));
}

async function tell(stateDir: string, record: Omit<NotificationRecord, 'at'>): Promise<void> {
  const path = join(stateDir, 'notifications', `${fileNameFor(record.key)}.json`);
  await createAtomically(path, `${JSON.stringify({ ...record, at: new Date().toISOString() }, null, 2)}\n`);
}

async function writeBundle(stateDir: string, message: HandOver, key: string, readArtifact: ReadArtifact | undefined): Promise<string> {
  const folder = handOverFolder(stateDir, key);
  if ((await namesIn(folder)).includes('hand-over.json')) {
    return folder;
  }
  const diff = message.diff === undefined || readArtifact === undefined ? null : await readArtifact(message.diff);
  // Another run of the same activity may be faster; its bundle is the same.
  await createWholeFolder(folder, async (draft) => {
    await writeJson(join(draft, 'hand-over.json'), message);
    await writeAtomically(join(draft, 'README.md'), handOverPage(message));
    if (diff !== null) {
      await writeAtomically(join(draft, 'change.diff'), diff);
    }
  });
  return folder;
}

/** Tells people by files: a folder for each hand-over, a record for each line. */
export function createLocalNotifier(stateDir: string, readArtifact?: ReadArtifact): Notifier {
  return {
    async handOver(message, key) {
      const folder = await writeBundle(stateDir, message, key, readArtifact);
      await tell(stateDir, { key, healingId: message.healingId, kind: 'hand-over', text: `${message.title}: see ${folder}` });
    },
    async notify(message, key) {
      await tell(stateDir, { key, ...message });
    },
  };
}
