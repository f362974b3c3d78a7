import { createHash } from 'node:crypto';
import type { Signal } from '../../domain/signal.schema.ts';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import { sameSecret } from '../../lib/same-secret.ts';
import { deliveryId, slug } from '../../lib/short-name.ts';
import type { AlertSource, IntegrationContext, RawRequest } from '../contract.ts';
import { ManualReport } from './request.ts';

function signalFrom(report: ManualReport, request: RawRequest): Signal {
  const { idempotencyKey, check, service, summary } = report;
  const key = idempotencyKey ?? createHash('sha256').update(request.body).digest('hex');
  return {
    id: deliveryId('manual', [key]),
    source: 'manual',
    kind: report.kind,
    repo: report.repository,
    subject: report.subject ?? `manual/${slug(idempotencyKey ?? check ?? service ?? summary, 80)}`,
    at: request.receivedAt.toISOString(),
    actor: { id: 'manual-token', trust: 'maintainer' },
    summary,
    facts: { ...report.facts, ...(check === undefined ? {} : { check }) },
    ...(report.sha === undefined ? {} : { sha: report.sha }),
    ...(service === undefined ? {} : { service }),
  };
}

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
      if (read.success) return { kind: 'signals', signals: [signalFrom(read.data, request)] };
      const problems = read.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`);
      return { kind: 'invalid', reason: problems.join('; ').slice(0, 500) };
    },
  };
}
