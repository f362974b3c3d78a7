import type { Papers } from '../domain/papers.ts';
import type { HealingRecord } from './healing-record.ts';

/** What a healing has on file. */
export function papersOf(record: Pick<HealingRecord, 'incident' | 'plan' | 'changeSet' | 'proof' | 'mergeSha'>): Papers {
  const { incident, plan, changeSet, proof, mergeSha } = record;
  return {
    ...(incident === null ? {} : { dossier: incident.dossier, kind: incident.kind }),
    ...(plan === null ? {} : { plan: plan.artifact }),
    ...(changeSet === null ? {} : { changeSet }),
    ...(proof === null ? {} : { proof }),
    ...(mergeSha === null ? {} : { mergeSha }),
  };
}
