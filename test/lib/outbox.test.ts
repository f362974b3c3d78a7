import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createOutbox } from '../../src/lib/outbox.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const DAY_MS = 24 * 3_600_000;

it('what an outbox has sent is remembered for months, and not for ever', async () => {
  const folder = temporaryFolder();
  let now = Date.now();
  const sent: string[] = [];
  const outbox = createOutbox<string>(folder, {
    parse: String,
    send: async (message) => void sent.push(message),
    keeps: () => true,
    now: () => now,
  });
  await outbox.deliver('one', 'first');
  now += 59 * DAY_MS;
  await outbox.catchUp();
  await outbox.deliver('one', 'again');
  expect(sent).toEqual(['first']);
  now += 2 * DAY_MS;
  await outbox.catchUp();
  expect(readdirSync(join(folder, 'sent'))).toEqual([]);
});
