import type { ChangeSetRef } from './change-set.schema.ts';
import type { ArtifactRef } from './names.schema.ts';
import type { Proof } from './proof.schema.ts';

/** What a healing has on file, for machines that read it: references and the proof, nothing that a person must read. */
export interface Papers {
  /** The incident with the rules that it is judged by. */
  readonly dossier?: ArtifactRef;
  /** Whether a check or production shows it. */
  readonly kind?: 'code' | 'alert';
  readonly plan?: ArtifactRef;
  readonly changeSet?: ChangeSetRef;
  readonly proof?: Proof;
  readonly mergeSha?: string;
}
