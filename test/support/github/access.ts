import { createVerify, randomBytes } from 'node:crypto';
import type { Router } from './router.ts';
import { type Identity, type Json, page, type Reply, refuse, reply } from './wire.ts';
import type { StandInApp, World } from './world.ts';

interface Minted {
  readonly upstream: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories: readonly string[] | null;
  readonly expiresAt: number;
}

/** A token that was handed out, for assertions. */
export interface MintedToken {
  readonly token: string;
  readonly permissions: Readonly<Record<string, string>>;
  /** Names of repositories; null: all of the installation. */
  readonly repositories: readonly string[] | null;
  readonly revoked: boolean;
}

/** Longest life of an App's JSON web token. */
const MAX_JWT_S = 600;

/** Tokens: people's, the App's own, and those of its installation. */
export class Access {
  readonly #people: Map<string, string>;
  readonly #app: StandInApp;
  readonly #now: () => number;
  readonly #minted = new Map<string, Minted>();
  readonly #revoked = new Set<string>();

  constructor(people: Map<string, string>, app: StandInApp, now: () => number) {
    this.#people = people;
    this.#app = app;
    this.#now = now;
  }

  /** Who a request comes from; a refusal when the credentials are no good. */
  identify(authorization: string | undefined): Identity | Reply {
    if (authorization === undefined) return { kind: 'anonymous' };
    const token = authorization.replace(/^(bearer|token)\s+/i, '').trim();
    const login = this.#people.get(token);
    if (login !== undefined) return { kind: 'user', login };
    const minted = this.#minted.get(token);
    if (minted !== undefined && !this.#revoked.has(token) && minted.expiresAt > this.#now())
      return {
        kind: 'installation',
        authorization: `token ${minted.upstream}`,
        token,
        permissions: minted.permissions,
        repositories: minted.repositories,
      };
    if (token.startsWith('eyJ')) return this.#asApp(token);
    return refuse(401, 'Bad credentials');
  }

  #asApp(token: string): Identity | Reply {
    const [head = '', body = '', signature = ''] = token.split('.');
    try {
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Json;
      const valid = createVerify('RSA-SHA256').update(`${head}.${body}`).verify(this.#app.privateKey, Buffer.from(signature, 'base64url'));
      const now = this.#now() / 1000;
      if (!valid || String(claims.iss) !== String(this.#app.id)) return refuse(401, 'A JSON web token could not be decoded');
      if (claims.exp <= now)
        return refuse(
          401,
          "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
      if (claims.exp - now > MAX_JWT_S) return refuse(401, "'Expiration time' claim ('exp') is too far in the future");
      if (claims.iat > now + 5)
        return refuse(401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
      return { kind: 'app', authorization: `Bearer ${token}` };
    } catch {
      return refuse(401, 'A JSON web token could not be decoded');
    }
  }

  /** Hands out a token in GitHub's newer, longer form. */
  keep(upstream: Json, repositories: readonly string[] | null): string {
    const token = `ghs_${this.#app.id}_${randomBytes(60).toString('base64url')}`;
    this.#minted.set(token, {
      upstream: upstream.token,
      permissions: upstream.permissions,
      repositories,
      expiresAt: this.#now() + 3_600_000,
    });
    return token;
  }

  revoke(token: string): void {
    this.#revoked.add(token);
  }

  /** All tokens handed out so far stop working, as after an hour. */
  expireAll(): void {
    for (const token of this.#minted.keys()) this.#revoked.add(token);
  }

  get minted(): readonly MintedToken[] {
    return [...this.#minted].map(([token, { permissions, repositories }]) => ({
      token,
      permissions,
      repositories,
      revoked: this.#revoked.has(token),
    }));
  }
}

/** The App, its installation and its tokens: `emulate`'s, with lists and revocation added. */
export function accessRoutes(
  router: Router,
  world: World,
  access: Access,
  manifests: Map<string, Json>,
  repositories: () => readonly string[],
): void {
  const { upstream } = world;
  const needsApp = refuse(401, 'A JSON web token could not be decoded');
  for (const operation of [
    'GET /app',
    'GET /app/installations',
    'GET /app/installations/{installation_id}',
    'GET /repos/{owner}/{repo}/installation',
    'GET /orgs/{org}/installation',
    'GET /users/{username}/installation',
  ])
    router.on(operation, async (ask) => {
      if (ask.who.kind !== 'app') return needsApp;
      const answer = await upstream.send('GET', ask.target, null, ask.who);
      if (operation === 'GET /repos/{owner}/{repo}/installation' && world.app.accepted !== undefined && answer.status === 200)
        return { ...answer, body: { ...answer.body, permissions: world.app.accepted } };
      return operation === 'GET /app' && answer.status === 200
        ? {
            ...answer,
            body: {
              ...answer.body,
              events: [...world.app.events],
              owner: { login: world.org, type: 'Organization' },
              installations_count: 1,
            },
          }
        : answer;
    });
  router.on('POST /app/installations/{installation_id}/access_tokens', async (ask) => {
    if (ask.who.kind !== 'app') return needsApp;
    const answer = await upstream.send('POST', ask.target, ask.body ?? {}, ask.who);
    if (answer.status !== 201) return answer;
    const ids: readonly number[] = ask.body?.repository_ids ?? [];
    const byId = await Promise.all(ids.map(async (id) => (await upstream.admin('GET', `/repositories/${id}`)).name as string));
    const repositories = ask.body?.repositories ?? (ids.length > 0 ? byId : null);
    return reply(201, {
      ...answer.body,
      token: access.keep(answer.body, repositories),
      ...(answer.body.repositories === undefined
        ? {}
        : {
            repositories: await Promise.all(answer.body.repositories.map((one: Json) => upstream.admin('GET', `/repos/${one.full_name}`))),
          }),
      expires_at: new Date(world.now() + 3_600_000).toISOString(),
    });
  });
  router.on('DELETE /installation/token', (ask) => {
    if (ask.who.kind !== 'installation') return refuse(401, 'Requires authentication');
    access.revoke(ask.who.token);
    return reply(204);
  });
  router.on('GET /installation/repositories', async (ask) => {
    if (ask.who.kind !== 'installation') return refuse(403, 'Resource not accessible by integration');
    const { token } = ask.who;
    const only = access.minted.find((one) => one.token === token)?.repositories ?? null;
    const found: readonly Json[] = await Promise.all(repositories().map((name) => upstream.admin('GET', `/repos/${name}`)));
    const own = found.filter((one) => one.owner.login === world.org && (only === null || only.includes(one.name)));
    return page(ask, world.url, own, (repositories, total_count) => ({ total_count, repository_selection: 'all', repositories }));
  });
  router.on('POST /app-manifests/{code}/conversions', (ask) => {
    const manifest = manifests.get(ask.params['code'] ?? '');
    manifests.delete(ask.params['code'] ?? '');
    return manifest === undefined ? refuse(404, 'Not Found') : reply(201, manifest);
  });
}
