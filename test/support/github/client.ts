import { createSign } from 'node:crypto';
import type { GitHubStandIn } from './stand-in.ts';
import type { Json } from './wire.ts';

/** An answer as a plain client sees it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** Calls the stand-in without any library; redirects are not followed. */
export type Client = (operation: string, body?: Json) => Promise<Answer>;

/** A client with these credentials; without them anonymous. */
export function clientOf(standIn: GitHubStandIn, token?: string): Client {
  return async (operation, body) => {
    const [method = '', path = ''] = operation.split(' ');
    const response = await fetch(`${standIn.url}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(5000),
      headers: {
        accept: 'application/vnd.github+json',
        ...(token === undefined ? {} : { authorization: `bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json') && text !== '';
    return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as Json) : text };
  };
}

/** A JSON web token of the stand-in's App; `lifeS` from now. */
export function appJwt(standIn: GitHubStandIn, lifeS = 300): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 60, exp: now + lifeS, iss: String(standIn.app.id) })}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(standIn.app.privateKey, 'base64url')}`;
}

/** A client with an installation token of these permissions; absent: all that the App has. */
export async function installationClient(
  standIn: GitHubStandIn,
  permissions?: Readonly<Record<string, string>>,
  repositories?: readonly string[],
): Promise<Client> {
  const minted = await clientOf(standIn, appJwt(standIn))(`POST /app/installations/${standIn.app.installationId}/access_tokens`, {
    ...(permissions === undefined ? {} : { permissions }),
    ...(repositories === undefined ? {} : { repositories }),
  });
  if (minted.status !== 201) throw new Error(`no installation token: ${JSON.stringify(minted.body)}`);
  return clientOf(standIn, minted.body.token);
}
