import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where redirects lead: another origin, whose links carry their own authority. */
export interface ContentHost {
  readonly url: string;
  /** A link to these bytes. */
  link(name: string, type: string, content: () => Buffer | Promise<Buffer>): string;
  /** Tokens that were sent to this foreign host: there must be none. */
  readonly leaked: string[];
  close(): Promise<void>;
}

/** Starts the host of archives and logs on loopback. */
export async function startContentHost(): Promise<ContentHost> {
  const links = new Map<string, { readonly type: string; readonly content: () => Buffer | Promise<Buffer> }>();
  const leaked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.headers.authorization !== undefined) leaked.push(path);
    const found = links.get(path);
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    Promise.resolve(found.content()).then(
      (bytes) => response.writeHead(200, { 'content-type': found.type, 'content-length': bytes.length }).end(bytes),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    leaked,
    link(name, type, content) {
      const path = `/${randomBytes(8).toString('hex')}/${encodeURIComponent(name)}`;
      links.set(path, { type, content });
      return `${url}${path}?sig=${randomBytes(4).toString('hex')}`;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
