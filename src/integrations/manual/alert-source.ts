import { createHash } from 'node:crypto';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import { sameSecret } from '../../lib/same-secret.ts';
import type { AlertSource, IntegrationContext, RawRequest } from '../contract.ts';
import { ManualReport } from './request.ts';
import { manualSignal } from './signal.ts';

/** A person or another system with the bearer token reports a problem: the generic door. */
export function createManualSource(context: IntegrationContext<Record<string, never>>): AlertSource {
  return {
    maxBytes: 64 * 1024,
    verify(request: RawRequest) {
      const given = /^bearer +([^\s]+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
      if (given === undefined)
        return { ok: false, reason: 'an `Authorization: Bearer` header is needed; the token is the secret manual-token' };
      const matches = context.secret('manual-token').map((held) => sameSecret(given, held));
      return matches.includes(true) ? { ok: true } : { ok: false, reason: 'the bearer token is wrong' };
    },
    parse(request: RawRequest) {
      const json = parseOutsideJson(request.body);
      if (!json.ok) return { kind: 'invalid', reason: json.reason };
      const read = ManualReport.safeParse(json.value);
      if (read.success) {
        const key = createHash('sha256').update(request.body).digest('hex');
        const actor = { id: 'manual-token', trust: 'maintainer' as const };
        return { kind: 'signals', signals: [manualSignal(read.data, { source: 'manual', key, at: request.receivedAt, actor })] };
      }
      const problems = read.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`);
      return { kind: 'invalid', reason: problems.join('; ').slice(0, 500) };
    },
  };
}
