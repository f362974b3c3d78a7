import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { type LoadedConfig, settingsFrom } from '../../config/index.ts';
import type { Secrets } from '../../config/secrets.ts';
import { Failure } from '../../domain/failure.ts';
import type { ArtifactRef } from '../../domain/names.schema.ts';
import type { HealingSettings } from '../../domain/settings.ts';
import { createRedactor } from '../../lib/redact.ts';
import { createArtifactStore } from '../../store/artifact-store.ts';
import { createAuditTrail } from '../../store/audit-trail.ts';
import type { ArtifactStore, AuditTrail } from '../../store/contract.ts';
import type { Healings } from '../../temporal/contract.ts';

/** Structured log to stderr. */
export type AgentLog = Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;

/** What agents of this Suture stand on. */
export interface Served {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly loaded: LoadedConfig;
  readonly secrets: Secrets;
  readonly healings: Healings;
  readonly artifacts: ArtifactStore;
  readonly readArtifact: (ref: ArtifactRef) => Promise<Uint8Array>;
  readonly audit: AuditTrail;
  readonly redact: (text: string) => string;
  readonly settings: HealingSettings;
  readonly log: AgentLog;
}

/** Opens what agents stand on, on a state folder. */
export function openServed(given: Pick<Served, 'env' | 'loaded' | 'secrets' | 'healings' | 'log'>): Served {
  const { loaded, secrets } = given;
  const [signingKey] = secrets.get('audit-signing-key');
  if (signingKey === undefined) throw new Failure('configuration-invalid', 'the audit signing key is missing');
  const artifacts = createArtifactStore(join(loaded.stateDir, 'artifacts'));
  return {
    ...given,
    artifacts,
    readArtifact: (ref) => artifacts.get(ref),
    audit: createAuditTrail(join(loaded.stateDir, 'audit'), { signingKey: createPrivateKey(signingKey.reveal()) }),
    redact: createRedactor(secrets.all().map((secret) => secret.reveal())),
    settings: settingsFrom(loaded.config),
  };
}
