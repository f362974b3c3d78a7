import { createHash, timingSafeEqual } from 'node:crypto';
import type { Actor } from '../domain/signal.schema.ts';
import type { Secret } from './secret.ts';
import type { ServerConfig } from './server-config.schema.ts';

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Says who holds a bearer token: the people of the configuration, whose tokens it knows by hash only, or whoever has the server's own; nobody holds one that has ended, and where decisions are taken no program holds one. Every comparison takes the same time. */
export function bearersOf(
  config: ServerConfig,
  shared: readonly Secret[],
  given: { readonly now: () => Date; readonly door: 'agents' | 'decisions' },
): (token: string) => Actor | null {
  const held: ReadonlyArray<{ readonly hash: Buffer; readonly actor: Actor; readonly until?: number }> = [
    ...config.ingress.people
      .filter(({ agent }) => given.door === 'agents' || !agent)
      .map(({ id, trust, groups, tokenSha256, until }) => ({
        ...(until === undefined ? {} : { until: Date.parse(until) }),
        hash: Buffer.from(tokenSha256, 'hex'),
        actor: { id, trust, ...(groups.length === 0 ? {} : { groups }) },
      })),
    ...shared.map((secret) => ({ hash: digest(secret.reveal()), actor: { id: 'decision-token', trust: 'maintainer' as const } })),
  ];
  return (token) => {
    const offered = digest(token);
    let found: Actor | null = null;
    for (const { hash, actor, until } of held)
      if (timingSafeEqual(hash, offered) && (until === undefined || given.now().getTime() < until)) found ??= actor;
    return found;
  };
}
