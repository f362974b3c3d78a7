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
    recipient: () => 'all',
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

/** An outbox of messages `<recipient>:<text>`; who is in `refused` cannot be reached, and nobody can while it is `away`. */
function postOffice() {
  const folder = temporaryFolder();
  const world = { away: true, refused: new Set<string>(), now: Date.now(), sent: [] as string[] };
  const to = (message: string): string => message.split(':')[0] ?? '';
  const outbox = createOutbox<string>(folder, {
    parse: String,
    send: async (message) => {
      if (world.away || world.refused.has(to(message))) throw new Error('450 try again later');
      world.sent.push(message);
    },
    keeps: () => true,
    recipient: to,
    now: () => world.now,
  });
  const keep = async (messages: readonly string[]): Promise<void> => {
    for (const message of messages) {
      world.now += 1;
      await outbox.deliver(message, message).catch(() => undefined);
    }
  };
  return { folder, world, outbox, keep };
}

it('one recipient who cannot be reached holds nobody else up, and keeps the order of what is for him', async () => {
  const { world, outbox, keep } = postOffice();
  await keep(['ann:1', 'bob:1', 'ann:2', 'bob:2']);
  world.away = false;
  world.refused.add('ann');
  expect(await outbox.catchUp()).toEqual({ delivered: 2, waiting: 2 });
  world.refused.clear();
  expect(await outbox.catchUp()).toEqual({ delivered: 2, waiting: 0 });
  expect(world.sent).toEqual(['bob:1', 'bob:2', 'ann:1', 'ann:2']);
});

it('a message that fails again and again while others get through is set aside and said', async () => {
  const { folder, world, outbox, keep } = postOffice();
  world.away = false;
  world.refused.add('ann');
  await keep(['ann:1']);
  for (let walk = 1; walk <= 5; walk += 1) {
    world.away = true;
    await keep([`bob:${walk}`]);
    world.away = false;
    expect(await outbox.catchUp()).toEqual(walk < 5 ? { delivered: 1, waiting: 1 } : { delivered: 1, waiting: 0, givenUp: 1 });
  }
  expect(readdirSync(join(folder, 'refused'))).toHaveLength(1);
});

it('an outage stops the walk, costs no message a try, and several who cannot be reached are not taken for one for ever', async () => {
  const { world, outbox, keep } = postOffice();
  const lost = Array.from({ length: 6 }, (_, at) => `lost${at}:1`);
  await keep([...lost, 'bob:1']);
  for (let walk = 0; walk < 20; walk += 1) expect(await outbox.catchUp()).toEqual({ delivered: 0, waiting: 7 });
  world.away = false;
  for (const message of lost) world.refused.add(message.split(':')[0] ?? '');
  await outbox.catchUp();
  await outbox.catchUp();
  expect(world.sent).toEqual(['bob:1']);
});
