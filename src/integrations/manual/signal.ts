import type { Actor, Signal } from '../../domain/signal.schema.ts';
import { deliveryId, slug } from '../../lib/short-name.ts';
import type { ManualReport } from './request.ts';

/** A report as a signal; `key` names it where it brings no key of its own. */
export function manualSignal(
  report: ManualReport,
  given: {
    readonly source: string;
    /** Whose keys these are, where several have keys of their own. */
    readonly scope?: string;
    readonly key: string;
    readonly at: Date;
    readonly actor: Actor;
  },
): Signal {
  const { idempotencyKey, check, service, summary } = report;
  return {
    id: deliveryId(given.source, [...(given.scope === undefined ? [] : [given.scope]), idempotencyKey ?? given.key]),
    source: given.source,
    kind: report.kind,
    repo: report.repository,
    subject: report.subject ?? `manual/${slug(idempotencyKey ?? check ?? service ?? summary, 80)}`,
    at: given.at.toISOString(),
    actor: given.actor,
    summary,
    facts: { ...report.facts, ...(check === undefined ? {} : { check }) },
    ...(report.sha === undefined ? {} : { sha: report.sha }),
    ...(service === undefined ? {} : { service }),
  };
}
