import { parseHealingId } from '../domain/ids.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { AuditEntry } from '../store/contract.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { keyHash } from './keys.ts';

type Facts = AuditEntry['facts'];

function clean(facts: Facts, redact: (text: string) => string): Facts {
  return Object.fromEntries(
    Object.entries(facts)
      .slice(0, 40)
      .map(([name, value]) => [name.slice(0, 100), typeof value === 'string' ? oneLine(redact(value), 500) : value]),
  );
}

/** A key that fits, and stays different from every other. */
function fitting(key: string, max: number): string {
  return key.length <= max ? key : `${key.slice(0, max - 33)}#${keyHash(key, 32)}`;
}

/** Appends what an activity did, after it did it; the key makes a repeat harmless. Redacts before anything is hashed. */
export async function audit(
  { audit: trail, redact }: Pick<ActivityDeps, 'audit' | 'redact'>,
  entry: {
    readonly key: string;
    readonly action: string;
    readonly healingId?: string;
    readonly repo?: { readonly owner: string; readonly name: string };
    readonly actor?: string;
    readonly facts: Facts;
  },
): Promise<void> {
  const repo = entry.repo ?? (entry.healingId === undefined ? undefined : parseHealingId(entry.healingId)?.repo);
  await trail.append({
    key: fitting(entry.key, 500),
    action: entry.action,
    actor: oneLine(redact(entry.actor ?? 'suture'), 200),
    ...(entry.healingId === undefined ? {} : { healingId: fitting(entry.healingId, 300) }),
    ...(repo === undefined ? {} : { repo: `${repo.owner}/${repo.name}` }),
    facts: clean(entry.facts, redact),
  });
}

/** Recording what the workflow decided. */
export function auditActivities(deps: ActivityDeps): Pick<Activities, 'recordAudit'> {
  return {
    async recordAudit({ entries }) {
      for (const entry of entries) await audit(deps, entry);
    },
  };
}
