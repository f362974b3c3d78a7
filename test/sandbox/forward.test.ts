import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { duplexPair, PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveForwards } from '../../src/sandbox/forward.ts';
import { connectRoute, endpointRoute } from '../../src/sandbox/forward-routes.ts';

const frame = (kind: number, id: number, payload: Uint8Array | string = ''): Buffer => {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head[0] = kind;
  head.writeUInt32BE(id, 1);
  head.writeUInt32BE(bytes.length, 5);
  return Buffer.concat([head, bytes]);
};

/** Reads frames that the host sends. */
function framesOf(stream: PassThrough): ReadonlyArray<{ readonly kind: number; readonly id: number; readonly payload: string }> {
  let rest: Buffer = stream.read() ?? Buffer.alloc(0);
  const all = [];
  while (rest.length >= 9) {
    const length = rest.readUInt32BE(5);
    all.push({ kind: rest[0] ?? -1, id: rest.readUInt32BE(1), payload: rest.subarray(9, 9 + length).toString() });
    rest = rest.subarray(9 + length);
  }
  return all;
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('frames of a hostile relay', () => {
  let input: PassThrough;
  let output: PassThrough;
  beforeEach(() => {
    input = new PassThrough();
    output = new PassThrough();
  });
  const deaf = { name: 'deaf', serve: async () => 'served' as const };

  it('that are too long, of no kind, or cut short end the service of that job, and nothing else', async () => {
    for (const bad of [
      Buffer.from([2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]),
      frame(9, 1),
      frame(1, 1, 'two'),
      Buffer.concat([frame(1, 1, '\0'), frame(5, 1, 'x')]),
    ]) {
      const from = new PassThrough();
      const forwards = serveForwards(from, new PassThrough(), [deaf]);
      from.write(bad);
      expect(await forwards.ready).toBe(false);
    }
  });

  it('name no route that is not there, and open no connection twice', async () => {
    const forwards = serveForwards(input, output, [deaf]);
    input.write(Buffer.concat([frame(1, 1, '\u0007'), frame(1, 2, '\0'), frame(1, 2, '\0')]));
    await turn();
    expect(framesOf(output)).toEqual([
      { kind: 4, id: 1, payload: '' },
      { kind: 4, id: 2, payload: '' },
    ]);
    expect(forwards.facts()).toMatchObject([{ connections: 1, refused: 1 }]);
    forwards.close();
  });

  it('cannot make the host hold more than the window of a connection', async () => {
    const forwards = serveForwards(input, output, [deaf]);
    input.write(frame(1, 1, '\0'));
    for (let sent = 0; sent < 8; sent += 1) input.write(frame(2, 1, Buffer.alloc(65_536)));
    expect(await forwards.ready).toBe(false);
    expect(forwards.facts()[0]?.sentBytes).toBeLessThanOrEqual(7 * 65_536);
  });

  it('cannot hold more connections open than there are places', async () => {
    const forwards = serveForwards(input, output, [deaf]);
    for (let id = 1; id <= 300; id += 1) input.write(frame(1, id, '\0'));
    await turn();
    expect(forwards.facts()).toMatchObject([{ refused: 44 }]);
    forwards.close();
  });
});

describe('a registry behind the proxy', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => socket.write(`got ${bytes.toString()}`));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(() => {
    server.close();
  });

  async function ask(line: string, registries: ReadonlyArray<{ host: string; port: number }>): Promise<{ said: string; how: string }> {
    const [inside, client] = duplexPair();
    const route = connectRoute(registries, () => Promise.resolve([{ address: '127.0.0.1' }]));
    const serving = route.serve(inside);
    let said = '';
    client.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    client.on('error', () => undefined);
    client.write(line);
    const how = await serving;
    if (how === 'served') client.write('hello');
    for (let waited = 0; waited < 50 && !/403|502|hello/.test(said); waited += 1) await turn();
    client.destroy();
    return { said, how };
  }

  it('is connected to, by its name or address as it is listed', async () => {
    const { said, how } = await ask(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\n`, [{ host: '127.0.0.1', port }]);
    expect(how).toBe('served');
    expect(said).toContain('200 Connection established\r\n\r\ngot hello');
  });

  it('is not connected to when its name leads to this machine', async () => {
    expect((await ask(`CONNECT registry.test:${port} HTTP/1.1\r\n\r\n`, [{ host: 'registry.test', port }])).said).toContain('502');
  });

  it.each([
    ['another name', 'CONNECT evil.test:443 HTTP/1.1\r\n\r\n'],
    ['another port', 'CONNECT registry.test:444 HTTP/1.1\r\n\r\n'],
    ['a trailing dot', 'CONNECT registry.test.:443 HTTP/1.1\r\n\r\n'],
    ['a NUL', 'CONNECT registry.test\0.evil.test:443 HTTP/1.1\r\n\r\n'],
    ['user information', 'CONNECT registry.test:443@evil.test:443 HTTP/1.1\r\n\r\n'],
    ['a name behind another', 'CONNECT evil.test:443,registry.test:443 HTTP/1.1\r\n\r\n'],
    ['a decimal address', 'CONNECT 2130706433:443 HTTP/1.1\r\n\r\n'],
    ['other letters', 'CONNECT ｒegistry.test:443 HTTP/1.1\r\n\r\n'],
    ['another method', 'GET http://registry.test:443/ HTTP/1.1\r\n\r\n'],
    ['a second request line', 'CONNECT evil.test:443 HTTP/1.1\r\nCONNECT registry.test:443 HTTP/1.1\r\n\r\n'],
  ])('is nothing else: %s', async (_what, line) => {
    expect(await ask(line, [{ host: 'registry.test', port: 443 }])).toMatchObject({
      how: 'refused',
      said: expect.stringMatching(/^HTTP\/1\.1 403 /),
    });
  });

  it('is not reached by a request without end', async () => {
    const [inside, client] = duplexPair();
    const serving = connectRoute([]).serve(inside);
    client.on('error', () => undefined);
    client.write(Buffer.alloc(20_000, 'x'));
    expect(await serving).toBe('refused');
    client.destroy();
  });
});

describe('an endpoint', () => {
  it('is resolved once for a job, so its name cannot lead elsewhere later', async () => {
    let asked = 0;
    const route = endpointRoute({ name: 'db.test', port: 5432, host: 'db.internal', targetPort: 1 }, () => {
      asked += 1;
      return Promise.resolve([{ address: '127.0.0.1' }]);
    });
    expect(await route.serve(new PassThrough())).toBe('refused');
    expect(await route.serve(new PassThrough())).toBe('refused');
    expect(asked).toBe(1);
  });
});
