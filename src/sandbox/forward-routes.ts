import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SandboxEndpoint } from './contract.ts';
import type { ForwardRoute } from './forward.ts';
import { type DialAddress, dialAddress, type Resolve } from './forward-target.ts';

/** How long a target may take to accept, in milliseconds. */
const CONNECT_MS = 10_000;
/** Longest request that names a registry. */
const REQUEST_BYTES = 8_192;

/** Dials a target; null when it is refused or nobody answers. */
async function dial(target: Promise<DialAddress>, port: number): Promise<Socket | null> {
  const found = await target;
  if (found.kind === 'refused') return null;
  return new Promise((resolve) => {
    const socket = connect({ host: found.address, port, allowHalfOpen: true });
    const timer = setTimeout(() => socket.destroy(), CONNECT_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(null);
    });
    socket.on('error', () => undefined);
  });
}

/** Joins two streams until both have ended; the end of one way leaves the other open. */
function join(inside: Duplex, outside: Socket): void {
  inside.pipe(outside);
  outside.pipe(inside);
  for (const [one, other] of [
    [inside, outside],
    [outside, inside],
  ] as const) {
    one.on('error', () => undefined);
    one.once('close', () => {
      if (!other.writableEnded || !other.readableEnded) other.destroy();
    });
  }
}

/** The one target of an endpoint; resolved once for the job, so a name cannot lead elsewhere later. */
export function endpointRoute({ name, port, host, targetPort }: SandboxEndpoint, resolve?: Resolve): ForwardRoute {
  let target: Promise<DialAddress> | null = null;
  return {
    name: `${name}:${port}`,
    async serve(inside) {
      target ??= dialAddress(host, resolve);
      const outside = await dial(target, targetPort);
      if (outside === null || inside.destroyed) {
        outside?.destroy();
        inside.destroy();
        return 'refused';
      }
      join(inside, outside);
      return 'served';
    },
  };
}

/** The head of a request, without what follows it; null when it is none. */
async function readHead(inside: Duplex): Promise<string | null> {
  let text = '';
  while (!text.endsWith('\r\n\r\n')) {
    const byte: Buffer | null = inside.read(1);
    if (byte !== null) {
      text += byte.toString('latin1');
      if (text.length > REQUEST_BYTES) return null;
    } else if (inside.readableEnded || inside.destroyed) {
      return null;
    } else {
      await new Promise<void>((resolve) => {
        const settle = (): void => {
          for (const event of ['readable', 'end', 'close']) inside.off(event, settle);
          resolve();
        };
        for (const event of ['readable', 'end', 'close']) inside.once(event, settle);
      });
    }
  }
  return text;
}

/**
 * A proxy that knows `CONNECT` to a closed list of `host:port` and nothing else. The request line must be one of the lines that the
 * list spells out, character for character: no name is parsed, so none can be parsed in two ways.
 */
export function connectRoute(registries: ReadonlyArray<{ readonly host: string; readonly port: number }>, resolve?: Resolve): ForwardRoute {
  const targets = new Map<string, Promise<DialAddress>>();
  const allowed = new Map(registries.map((registry) => [`${registry.host.toLowerCase()}:${registry.port}`, registry]));
  return {
    name: 'registries',
    async serve(inside) {
      const head = await readHead(inside);
      const wanted = /^CONNECT ([!-~]{1,300}) HTTP\/1\.[01]\r\n/.exec(head ?? '')?.[1];
      const registry = wanted === undefined ? undefined : allowed.get(wanted.toLowerCase());
      if (registry === undefined) {
        inside.end(head === null ? undefined : 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        inside.resume();
        return 'refused';
      }
      let target = targets.get(registry.host);
      if (target === undefined) {
        target = dialAddress(registry.host, resolve);
        targets.set(registry.host, target);
      }
      const outside = await dial(target, registry.port);
      if (outside === null || inside.destroyed) {
        outside?.destroy();
        inside.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        inside.resume();
        return 'refused';
      }
      inside.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(inside, outside);
      return 'served';
    },
  };
}
