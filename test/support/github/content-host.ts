import { randomBytes } from 'node:crypto';
import { type Ending, type Incoming, startServer } from './server.ts';
import type { Reply } from './wire.ts';

/** Where redirects lead: another origin, whose links carry their own authority. */
export interface ContentHost {
  readonly url: string;
  /** A link to these bytes. */
  link(name: string, type: string, content: () => Buffer | Promise<Buffer>): string;
  /** Tokens that were sent to this foreign host: there must be none. */
  readonly leaked: string[];
  close(): Promise<void>;
}

/** What is done to an answer on its way. */
export type OnItsWay = (
  incoming: Incoming,
  answer: () => Promise<Reply>,
) => Promise<{
  readonly reply: Reply;
  readonly ending: Ending;
}>;

/** Starts the host of archives and logs on loopback. */
export async function startContentHost(onItsWay: OnItsWay): Promise<ContentHost> {
  const links = new Map<string, { readonly type: string; readonly content: () => Buffer | Promise<Buffer> }>();
  const leaked: string[] = [];
  const { url, close } = await startServer((incoming) => {
    const path = incoming.target.split('?')[0] ?? '';
    if (incoming.headers['authorization'] !== undefined) leaked.push(path);
    return onItsWay(incoming, async () => {
      const found = links.get(path);
      if (found === undefined) return { status: 404, body: null };
      return { status: 200, headers: { 'content-type': found.type }, body: await found.content() };
    });
  });
  return {
    url,
    leaked,
    link(name, type, content) {
      const path = `/${randomBytes(8).toString('hex')}/${encodeURIComponent(name)}`;
      links.set(path, { type, content });
      return `${url}${path}?sig=${randomBytes(4).toString('hex')}`;
    },
    close,
  };
}
