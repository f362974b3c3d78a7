import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bearersOf } from '../../src/config/bearers.ts';
import { Secret } from '../../src/config/secret.ts';
import { ServerConfig } from '../../src/config/server-config.schema.ts';

const hashed = (token: string) => createHash('sha256').update(token).digest('hex');
const config = ServerConfig.parse({
  ingress: {
    people: [
      { id: 'ada', tokenSha256: hashed('token-of-ada') },
      { id: 'adas-agent', agent: true, tokenSha256: hashed('token-of-adas-agent') },
      { id: 'eve', until: '2026-11-25T12:00:00Z', tokenSha256: hashed('token-of-eve') },
    ],
  },
});
const at = (door: 'agents' | 'decisions', now: string) =>
  bearersOf(config, [new Secret('the-decision-token')], { now: () => new Date(now), door });

describe('bearer tokens', () => {
  it('let a program in to agents and to no decision, whatever it is trusted with', () => {
    const now = '2026-11-25T11:00:00Z';
    expect(at('agents', now)('token-of-adas-agent')).toEqual({ id: 'adas-agent', trust: 'maintainer' });
    expect(at('decisions', now)('token-of-adas-agent')).toBeNull();
    for (const door of ['agents', 'decisions'] as const) {
      expect(at(door, now)('token-of-ada')?.id).toBe('ada');
      expect(at(door, now)('the-decision-token')?.id).toBe('decision-token');
      expect(at(door, now)('token-of-nobody')).toBeNull();
    }
  });

  it('are good until they end', () => {
    expect(at('decisions', '2026-11-25T11:59:59Z')('token-of-eve')?.id).toBe('eve');
    expect(at('decisions', '2026-11-25T12:00:00Z')('token-of-eve')).toBeNull();
  });
});
