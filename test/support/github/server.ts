import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Reply } from './wire.ts';

/** A request as it came in. */
export interface Incoming {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly raw: Buffer;
}

/** What happens to the connection of an answer. */
export type Ending = 'whole' | 'reset' | 'reset-mid-body' | 'truncated-json' | 'hang';

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function write(response: ServerResponse, { status, headers = {}, body }: Reply, ending: Ending): void {
  if (ending === 'hang') return;
  if (ending === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const bytes = body === null ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type: Record<string, string> = body === null || Buffer.isBuffer(body) ? {} : { 'content-type': 'application/json; charset=utf-8' };
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  if (ending === 'truncated-json') {
    // The connection ends in order: only the content is cut.
    response.writeHead(status, { ...type, ...headers, 'content-length': half.length }).end(half);
    return;
  }
  response.writeHead(status, { ...type, ...headers, ...(status === 204 || status === 304 ? {} : { 'content-length': bytes.length }) });
  if (ending === 'reset-mid-body') response.write(half, () => response.socket?.resetAndDestroy());
  else response.end(bytes);
}

/** An HTTP server on loopback that answers by a function. */
export async function startServer(
  handle: (incoming: Incoming) => Promise<{ readonly reply: Reply; readonly ending: Ending }>,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const go = async (): Promise<void> => {
      const { method = 'GET', url: target = '/' } = request;
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
      );
      const { reply, ending } = await handle({ method, target, headers, raw: await bodyOf(request) });
      write(response, reply, ending);
    };
    go().catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ message: `stand-in: ${String(error)}` }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
