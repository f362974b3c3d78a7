import { createEmulator } from 'emulate';
import { freePort } from '../../../src/lib/free-port.ts';
import type { Json } from '../github/wire.ts';

/** `emulate`'s Slack behind the stand-in. */
export interface SlackUpstream {
  /** One call with a token; the status is always 200, as Slack's. */
  call(method: string, args: Readonly<Record<string, string>>, token: string | undefined): Promise<Json>;
  /** Ids of users and channels by name. */
  readonly users: Readonly<Record<string, string>>;
  readonly channels: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts `emulate` on a loopback port. `token` acts as the first of the people, with these scopes. */
export async function startSlackUpstream(seed: {
  readonly people: readonly string[];
  readonly channels: readonly string[];
  readonly token: string;
  readonly scopes: readonly string[];
}): Promise<SlackUpstream> {
  const port = await freePort();
  const emulator = await createEmulator({
    service: 'slack',
    port,
    seed: {
      slack: {
        team: { name: 'Acme', domain: 'acme' },
        users: seed.people.map((name) => ({ name })),
        channels: seed.channels.map((name) => ({ name })),
        tokens: [
          { token: seed.token, type: 'bot', user: seed.people[0], scopes: [...seed.scopes] },
          {
            token: 'the-hands-of-the-test',
            type: 'bot',
            user: seed.people[0],
            scopes: ['users:read', 'channels:read', 'channels:history'],
          },
        ],
        strict_scopes: true,
      },
    },
  });
  const call: SlackUpstream['call'] = async (method, args, token) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/${method}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: new URLSearchParams(args),
    });
    return (await response.json()) as Json;
  };
  const { members } = await call('users.list', {}, 'the-hands-of-the-test');
  const { channels } = await call('conversations.list', {}, 'the-hands-of-the-test');
  const byName = (list: readonly Json[]): Record<string, string> => Object.fromEntries(list.map(({ name, id }) => [name, id]));
  return { call, users: byName(members), channels: byName(channels), close: () => emulator.close() };
}
