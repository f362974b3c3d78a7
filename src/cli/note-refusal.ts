import { createPrivateKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadSecrets } from '../config/index.ts';
import { createAuditTrail } from '../store/audit-trail.ts';

/** Writes a refused decision of this terminal into the audit trail, where the state folder is at hand: what was applied is written down by the healing itself. */
export async function noteRefusal(
  stateDir: string,
  entry: { readonly id: string; readonly healingId: string; readonly actor: string; readonly facts: Readonly<Record<string, string>> },
): Promise<void> {
  const folder = join(stateDir, 'audit');
  if (!existsSync(folder)) return;
  const [signingKey] = loadSecrets(stateDir, process.env).get('audit-signing-key');
  if (signingKey === undefined) return;
  await createAuditTrail(folder, { signingKey: createPrivateKey(signingKey.reveal()) }).append({
    key: `decision/${entry.id}`,
    action: 'decision-refused',
    actor: entry.actor,
    healingId: entry.healingId,
    facts: { ...entry.facts, via: 'cli' },
  });
}
