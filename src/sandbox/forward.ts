import type { Duplex, Readable, Writable } from 'node:stream';
import type { ConnectionFacts } from './contract.ts';
import { ForwardChannel } from './forward-channel.ts';
import { FRAME_BYTES } from './relay.ts';

/** Where connections to one listener go. `serve` owns the stream and must end it. */
export interface ForwardRoute {
  readonly name: string;
  /** Says how it ended: `refused` when nothing was connected. */
  serve(inside: Duplex): Promise<'served' | 'refused'>;
}

/** The host's end of a relay. */
export interface Forwards {
  /** Settles when every listener listens; false when the relay ended before. */
  readonly ready: Promise<boolean>;
  /** What went through so far, by route. */
  facts(): readonly ConnectionFacts[];
  close(): void;
}

/** A sandbox that wants more than these is not served further. */
const MAX_OPEN = 256;
const MAX_IN_ALL = 10_000;
const HEAD = 9;

/**
 * Serves a relay's frames. What comes in is the sandbox's word: it names routes by number and can neither name a target nor hold more
 * memory than its windows; whoever breaks the protocol is cut off.
 */
export function serveForwards(input: Readable, output: Writable, routes: readonly ForwardRoute[]): Forwards {
  const channels = new Map<number, { readonly channel: ForwardChannel; readonly count: { sentBytes: number } }>();
  const counts = routes.map(({ name }) => ({ endpoint: name, connections: 0, refused: 0, sentBytes: 0, receivedBytes: 0 }));
  let seen = 0;
  let closed = false;
  let isReady: (ready: boolean) => void = () => undefined;
  const ready = new Promise<boolean>((resolve) => {
    isReady = resolve;
  });

  const send = (kind: number, id: number, payload: Uint8Array = new Uint8Array()): void => {
    if (closed || output.destroyed || output.writableEnded) return;
    const head = Buffer.alloc(HEAD);
    head[0] = kind;
    head.writeUInt32BE(id, 1);
    head.writeUInt32BE(payload.length, 5);
    output.write(Buffer.concat([head, payload]));
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    isReady(false);
    for (const { channel } of channels.values()) channel.breakOff();
    channels.clear();
    input.off('data', onData);
    input.destroy();
    output.destroy();
  };

  const begin = (id: number, number: number): void => {
    const route = routes[number];
    const count = counts[number];
    seen += 1;
    if (route === undefined || count === undefined || channels.has(id) || channels.size >= MAX_OPEN || seen > MAX_IN_ALL) {
      if (count !== undefined) count.refused += 1;
      send(4, id);
      return;
    }
    const channel = new ForwardChannel((kind, payload) => {
      if (kind === 2) count.receivedBytes += payload?.length ?? 0;
      send(kind, id, payload);
    });
    channels.set(id, { channel, count });
    channel.on('error', () => undefined);
    channel.on('close', () => channels.delete(id));
    route.serve(channel).then(
      (how) => {
        if (how === 'served') count.connections += 1;
        else count.refused += 1;
      },
      () => {
        count.refused += 1;
        channel.destroy();
      },
    );
  };

  const take = (kind: number, id: number, payload: Buffer): void => {
    if (kind > 5) return close();
    if (kind === 0) return isReady(true);
    if (kind === 1) return payload.length === 1 ? begin(id, payload[0] ?? 0) : close();
    const one = channels.get(id);
    if (one === undefined) return;
    const { channel, count } = one;
    switch (kind) {
      case 2:
        count.sentBytes += payload.length;
        if (!channel.takeIn(payload)) close();
        return;
      case 3:
        channel.finish();
        return;
      case 4:
        channels.delete(id);
        channel.breakOff();
        return;
      case 5:
        if (payload.length === 4) channel.credit(payload.readUInt32BE(0));
        else close();
        return;
      default:
        close();
    }
  };

  let rest: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (!closed && rest.length >= HEAD) {
      const length = rest.readUInt32BE(5);
      if (length > FRAME_BYTES) return close();
      if (rest.length < HEAD + length) return;
      take(rest[0] ?? 255, rest.readUInt32BE(1), Buffer.from(rest.subarray(HEAD, HEAD + length)));
      rest = rest.subarray(HEAD + length);
    }
  };
  input.on('data', onData);
  for (const stream of [input, output]) stream.on('error', close);
  input.on('end', close);
  input.on('close', close);
  return { ready, facts: () => counts.map((count) => ({ ...count })), close };
}
