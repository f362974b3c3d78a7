import { condition, sleep } from '@temporalio/workflow';
import type { HealthFacts } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { act } from './activity-options.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';
import { readHealth } from './production.ts';
import { isEvidence } from './signals-inbox.ts';

/** Bad readings in a row that mean that the problem is back. */
const BAD_READINGS = 2;

/** When production is looked at again, in milliseconds after it was verified, soonest first; none where nothing was verified. */
export function horizons(record: HealingRecord, outcome: Outcome): readonly number[] {
  const { settings, request } = record.input;
  const verified = outcome.kind === 'healed' && (outcome.reason === 'verified' || outcome.reason === 'kept-by-person');
  if (!verified || settings.dryRun || request !== undefined || record.incident?.service === undefined) return [];
  return [...(record.incident.watchMs ?? settings.timings.watchMs ?? [])].sort((one, other) => one - other);
}

/** Stays with production after the fix: looks at it again at each horizon and takes in what arrives. Gives what shows that the problem is back, or that another one began; nothing when all stayed well. */
export async function watch(record: HealingRecord, outcome: Outcome): Promise<readonly Signal[]> {
  const verifiedAt = Date.now();
  // What is known by now is settled: the same alert once more is news from here on.
  const known = new Set(record.inbox.settle().map((signal) => signal.sha));
  for (const horizon of horizons(record, outcome)) {
    const news = await evidenceUntil(record, verifiedAt + horizon, known);
    if (news.length > 0) return news;
    const back = await lookAgain(record);
    if (back !== null) return [back];
  }
  return [];
}

/** An alert, a wish or the failure of a commit that was not there before. */
function isNews(signal: Signal, known: ReadonlySet<string | undefined>): boolean {
  return isEvidence(signal) && (signal.kind === 'check-failed' ? signal.sha !== undefined && !known.has(signal.sha) : true);
}

async function evidenceUntil(record: HealingRecord, deadline: number, known: ReadonlySet<string | undefined>): Promise<readonly Signal[]> {
  for (;;) {
    const left = deadline - Date.now();
    if (left <= 0) return [];
    const woke = await condition(() => record.inbox.waiting > 0, left, { summary: 'until production is looked at again' });
    if (!woke) return [];
    const news = record.inbox.drain().filter((signal) => isNews(signal, known));
    if (news.length > 0) return news;
  }
}

/** Measures production once more; a signal that says what is wrong when it is. */
async function lookAgain(record: HealingRecord): Promise<Signal | null> {
  const { incident, input } = record;
  if (incident === null) return null;
  const after: HealthFacts[] = [];
  while (after.length < BAD_READINGS) {
    const reading = await readHealth(record, 'measure production again');
    if (reading === null) return null;
    if (reading.ok !== false) {
      record.note(reading.ok === true ? 'Production is still well' : 'Production could not be judged this time');
      record.audit('watched', { ok: reading.ok });
      return null;
    }
    after.push(reading);
    if (after.length < BAD_READINGS) await sleep(input.settings.timings.verifyPollMs, { summary: 'look twice' });
  }
  const { detail } = await act('judgeHealth', 'is it back', {
    dossier: incident.dossier,
    before: null,
    after,
    windowMs: 0,
    elapsedMs: 0,
    timeoutMs: 0,
  });
  record.note(`The problem is back: ${detail}`);
  record.audit('recurred', { detail: oneLine(detail, 300) });
  return {
    id: `${record.key}/recurred`.slice(-200),
    source: 'suture',
    kind: 'alert-triggered',
    repo: input.repo,
    subject: input.subject,
    at: new Date().toISOString(),
    actor: { id: 'suture', trust: 'system' },
    summary: oneLine(`Production of ${incident.service ?? ''} is bad again: ${detail}`, 300),
    ...(incident.service === undefined ? {} : { service: incident.service }),
    facts: { environment: incident.environment ?? 'production' },
  };
}
