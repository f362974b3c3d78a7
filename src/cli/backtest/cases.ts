import { z } from 'zod';
import { FailureClass } from '../../domain/diagnosis.schema.ts';
import type { ArtifactRef } from '../../domain/names.schema.ts';
import { OUTCOMES, REASON_CODES } from '../../domain/outcome.ts';
import { readAuditTrail } from '../../store/read-audit-trail.ts';

/** How one healing ended, and what it was about, as the audit trail has it. */
const CaseFacts = z.object({
  kind: z.enum(OUTCOMES),
  reason: z.enum(REASON_CODES),
  incident: z.enum(['code', 'alert']),
  dossier: z.string().regex(/^[0-9a-f]{64}$/),
  dossierSize: z.number().int().positive(),
  class: FailureClass.nullable(),
  strategy: z.string().nullable(),
  change: z.string().nullable(),
});

/** One recorded incident: evidence and base by reference, and how it ended then. */
export interface RecordedCase {
  readonly healingId: string;
  readonly at: string;
  readonly dossier: ArtifactRef;
  readonly incident: 'code' | 'alert';
  readonly then: Pick<z.infer<typeof CaseFacts>, 'kind' | 'reason' | 'class' | 'strategy' | 'change'>;
}

/** What a trail holds for back-tests: its cases, and the answers that models gave, by the hash of the question. */
export interface Recorded {
  readonly cases: readonly RecordedCase[];
  readonly answers: ReadonlyMap<string, RecordedAnswer>;
}

/** Where an answer is kept. */
export interface RecordedAnswer {
  readonly sha256: string;
  readonly size: number;
}

/** Ends that say nothing about the reasoner: somebody or something else was first. */
const NOT_OURS: ReadonlySet<string> = new Set(['superseded', 'merged-into', 'recovered-alone', 'cancelled']);

/** Reads an audit trail, oldest first; `since` is ISO 8601. */
export async function readCases(auditDir: string, wanted: { readonly since?: string; readonly healing?: string }): Promise<Recorded> {
  const cases: RecordedCase[] = [];
  const answers = new Map<string, RecordedAnswer>();
  for await (const { action, at, healingId, facts } of readAuditTrail(auditDir)) {
    const { question, answer, answerSize } = facts;
    if (action === 'model-asked' && typeof question === 'string' && typeof answer === 'string' && typeof answerSize === 'number')
      answers.set(question, { sha256: answer, size: answerSize });
    if (action !== 'outcome' || healingId === undefined) continue;
    if ((wanted.since !== undefined && at < wanted.since) || (wanted.healing !== undefined && healingId !== wanted.healing)) continue;
    const parsed = CaseFacts.safeParse(facts);
    if (!parsed.success || NOT_OURS.has(parsed.data.kind)) continue;
    const { dossier, dossierSize, incident, ...then } = parsed.data;
    cases.push({ healingId, at, incident, dossier: { sha256: dossier, size: dossierSize, mediaType: 'application/json' }, then });
  }
  return { cases, answers };
}
