import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { loadSecrets, stateFolder } from '../../config/index.ts';
import { readAuditTrail } from '../../store/read-audit-trail.ts';
import { verifyAuditTrail } from '../../store/verify-audit-trail.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';

/** `suture audit verify`: edits, removals, reordering and truncation are found and the first bad entry is named. */
export async function auditVerify(out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  const key = loadSecrets(stateDir, process.env).get('audit-signing-key')[0]?.reveal() ?? '';
  const verdict = await verifyAuditTrail(join(stateDir, 'audit'), createPublicKey(key));
  out.result(
    verdict.ok ? `the audit trail is whole: ${JSON.stringify(verdict)}` : `the audit trail is NOT whole: ${JSON.stringify(verdict)}`,
    verdict,
  );
  return verdict.ok ? EXIT_CODES.ok.code : EXIT_CODES.escalated.code;
}

/** `suture audit show`: every action, oldest first. */
export async function auditShow(options: { readonly healing?: string }, out: Output): Promise<number> {
  for await (const entry of readAuditTrail(join(stateFolder(process.env), 'audit'))) {
    if (options.healing !== undefined && entry.healingId !== options.healing) continue;
    out.result(
      `${entry.at}  ${String(entry.seq).padStart(6)}  ${entry.action.padEnd(24)} ${entry.actor.padEnd(16)} ${entry.healingId ?? ''} ${JSON.stringify(entry.facts)}`,
      entry,
    );
  }
  return EXIT_CODES.ok.code;
}
