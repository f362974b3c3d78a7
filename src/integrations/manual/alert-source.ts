import type { Signal } from '../../domain/signal.schema.ts';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import { sameSecret } from '../../lib/same-secret.ts';
import type { AlertSource, IntegrationContext, RawRequest } from '../contract.ts';
import { ManualReport } from './request.ts';

/** A person or another system with the bearer token reports a problem: the generic door. */
export function createManualSource(context: IntegrationContext<Record<string, never>>): AlertSource {
  return {
    maxBytes: 64 * 1024,
    verify(request: RawRequest) {
      const given = /^Bearer ([^\s]+)$/.exec(request.headers['authorization'] ?? '')?.[1];
      if (given === undefined)
        return { ok: false, reason: 'an `Authorization: Bearer` header is needed; the token is the secret manual-token' };
      return context
        .secret('manual-token')
        .map((held) => sameSecret(given, held))
        .includes(true)
        ? { ok: true }
        : { ok: false, reason: 'the bearer token is wrong' };
    },
    parse(request: RawRequest) {
      const json = parseOutsideJson(request.body);
      if (!json.ok) return { kind: 'invalid', reason: json.reason };
      const read = ManualReport.safeParse(json.value);
      if (!read.success)
        return {
          kind: 'invalid',
          reason: read.error.issues
            .map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`)
            .join('; ')
            .slice(0, 500),
        };
      const report = read.data;
      const slug = report.idempotencyKey
        .toLowerCase()
        .replace(/[^a-z0-9._-]+/g, '-')
        .replace(/^[^a-z0-9]+|-+$/g, '')
        .slice(0, 80);
      const signal: Signal = {
        id: `manual:${report.idempotencyKey}`,
        source: 'manual',
        kind: report.kind,
        repo: report.repository,
        subject: report.subject ?? `manual/${slug === '' ? 'report' : slug}`,
        at: request.receivedAt.toISOString(),
        actor: { id: 'manual-token', trust: 'maintainer' },
        summary: report.summary,
        facts: { ...report.facts, ...(report.check === undefined ? {} : { check: report.check }) },
        ...(report.sha === undefined ? {} : { sha: report.sha }),
        ...(report.service === undefined ? {} : { service: report.service }),
      };
      return { kind: 'signals', signals: [signal] };
    },
  };
}
