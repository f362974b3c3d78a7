import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { loadSecrets, stateFolder } from '../../config/index.ts';
import { readAuditTrail } from '../../store/read-audit-trail.ts';
import { type AuditVerdict, verifyAuditTrail } from '../../store/verify-audit-trail.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { type Output, plain } from '../output.ts';

function inWords(verdict: AuditVerdict): string {
  if (!verdict.ok) return `the audit trail is NOT whole (${verdict.code}): ${verdict.detail}`;
  const open = verdict.entries - verdict.anchored;
  const end = open === 0 ? '' : `; the newest ${open} are not signed yet, so that a cut there would not show`;
  return `the audit trail is whole: ${verdict.entries} entries, ${verdict.anchored} of them covered by ${verdict.checkpoints} signed checkpoints${end}`;
}

/** `suture audit verify`: edits, removals, reordering and truncation are found and the first bad entry is named. */
export async function auditVerify(out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  const key = loadSecrets(stateDir, process.env).get('audit-signing-key')[0]?.reveal() ?? '';
  const verdict = await verifyAuditTrail(join(stateDir, 'audit'), createPublicKey(key));
  out.result(plain(inWords(verdict)), verdict);
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
