import { createEmulator } from 'emulate';
import { freePort } from '../../../src/lib/free-port.ts';
import { type Collection, collectionsOf } from './collections.ts';
import type { Memory } from './memory.ts';
import type { Identity, Json, Reply } from './wire.ts';

/** Tokens of one identity at `emulate`, which allows each 5,000 calls an hour. */
const TOKENS = 40;

/** What `emulate` starts with. */
export interface UpstreamSeed {
  readonly org: string;
  readonly people: readonly string[];
  readonly apps: readonly Json[];
  readonly repositories: readonly Json[];
}

/** `emulate`'s GitHub behind the stand-in. */
export interface Upstream {
  /** One exchange as somebody. */
  send(method: string, target: string, body: Json, who: Identity | 'admin', headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** One exchange as somebody; throws unless it succeeds. */
  must(method: string, target: string, body: Json, who: Identity | 'admin'): Promise<Json>;
  /** `must` as the administrator. */
  admin(method: string, target: string, body?: Json): Promise<Json>;
  /** As `admin`, null for a 404. */
  find(target: string): Promise<Json>;
  /** Its tables by name. */
  readonly collections: ReadonlyMap<string, Collection>;
  /** Has its state remembered. */
  keptIn(memory: Memory): void;
  close(): Promise<void>;
}

/** Login of the administrator at `emulate`: owner of the organisation. */
export const ADMIN = 'acme-admin';

const KEPT = [
  'content-type',
  'link',
  'location',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-ratelimit-resource',
];

/** Who asks, as far as answers depend on it. */
function nameOf(who: Identity | 'admin'): Json {
  if (who === 'admin') return who;
  switch (who.kind) {
    case 'user':
      return who.login;
    case 'installation':
      return [who.permissions, who.repositories];
    default:
      return who.kind;
  }
}

/** Starts `emulate` on a loopback port; `publicUrl` is what it names in its answers. */
export async function startUpstream(seed: UpstreamSeed, publicUrl: string): Promise<Upstream> {
  const logins = [ADMIN, ...seed.people];
  const port = await freePort();
  const { started: emulator, collections } = await collectionsOf(() =>
    createEmulator({
      service: 'github',
      port,
      baseUrl: publicUrl,
      seed: {
        tokens: Object.fromEntries(
          logins.flatMap((login) =>
            Array.from({ length: TOKENS }, (_, at) => [
              `${login}-${at}`,
              { login, scopes: ['repo', 'user', 'admin:org', 'admin:repo_hook', 'workflow'] },
            ]),
          ),
        ),
        github: {
          users: logins.map((login) => ({ login, name: login, email: `${login}@example.com`, site_admin: login === ADMIN })),
          orgs: [{ login: seed.org, name: seed.org, members: [{ login: ADMIN, role: 'admin' }] }],
          repos: seed.repositories,
          apps: seed.apps,
        },
      },
    }),
  );
  let calls = 0;
  const authorization = (who: Identity | 'admin'): string | undefined => {
    calls += 1;
    if (who === 'admin') return `token ${ADMIN}-${calls % TOKENS}`;
    if (who.kind === 'user') return `token ${who.login}-${calls % TOKENS}`;
    return who.kind === 'anonymous' ? undefined : who.authorization;
  };
  const ask: Upstream['send'] = async (method, target, body, who, headers = {}) => {
    const authorized = authorization(who);
    const response = await fetch(`http://127.0.0.1:${port}${target}`, {
      method,
      redirect: 'manual',
      headers: {
        ...headers,
        ...(authorized === undefined ? {} : { authorization: authorized }),
        ...(body === null || body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null || body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: Object.fromEntries(
        KEPT.flatMap((name) => (response.headers.get(name) === null ? [] : [[name, response.headers.get(name) ?? '']])),
      ),
      body: bytes.length === 0 ? null : isJson ? (JSON.parse(bytes.toString('utf8')) as Json) : bytes,
    };
  };
  // Its state changes by what is sent to it and by nothing else: what was read since is still so.
  let read = new Map<string, Reply>();
  const send: Upstream['send'] = async (method, target, body, who, headers = {}) => {
    if (method !== 'GET') {
      // A new token changes nothing that can be read.
      const changes = !target.endsWith('/access_tokens');
      if (changes) read = new Map();
      try {
        return await ask(method, target, body, who, headers);
      } finally {
        if (changes) read = new Map();
      }
    }
    const key = JSON.stringify([target, nameOf(who), headers]);
    const since = read;
    const known = since.get(key) ?? (await ask(method, target, body, who, headers));
    since.set(key, known);
    return { ...known, body: Buffer.isBuffer(known.body) ? known.body : structuredClone(known.body) };
  };
  const checked = (method: string, target: string, answer: Reply): Json => {
    if (answer.status >= 400) throw new Error(`${method} ${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const must: Upstream['must'] = async (method, target, body, who) => checked(method, target, await send(method, target, body, who));
  return {
    send,
    must,
    keptIn(memory) {
      for (const [name, collection] of collections) {
        // Tokens stay good.
        if (name === 'github.installation_token_metadata') continue;
        memory.keepPart({
          save: () => structuredClone(collection.snapshot()),
          restore: (saved: never) => collection.restore(structuredClone(saved)),
        });
      }
      memory.keepPart({
        save: () => read,
        restore: (saved: never) => {
          read = saved;
        },
      });
    },
    collections,
    admin: (method, target, body = null) => must(method, target, body, 'admin'),
    async find(target) {
      const answer = await send('GET', target, null, 'admin');
      return answer.status === 404 ? null : checked('GET', target, answer);
    },
    close: () => emulator.close(),
  };
}
