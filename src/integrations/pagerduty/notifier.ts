import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FAILURES, Failure } from '../../domain/failure.ts';
import type { HandOver } from '../../domain/hand-over.schema.ts';
import type { HealingCard } from '../../domain/healing-card.ts';
import { createAtomically } from '../../lib/atomic-file.ts';
import { oneLine } from '../../lib/one-line.ts';
import { createOutbox } from '../../lib/outbox.ts';
import { readTextIfThere } from '../../lib/read-if-there.ts';
import type { IntegrationContext, Notice, Notifier } from '../contract.ts';
import type { PagerDutyConfig } from './config.schema.ts';
import { PagerEvent, sendEvent } from './events.ts';

const isLink = (url: string | undefined): url is string => url !== undefined && /^https?:\/\/[^\s<>()"'`]+$/.test(url);

/** One incident at PagerDuty for a healing, however many messages it has; the id may be longer than PagerDuty takes. */
export function dedupKey(healingId: string): string {
  return `suture-${createHash('sha256').update(healingId).digest('hex').slice(0, 40)}`;
}

function handOverEvent(message: HandOver, severity: PagerDutyConfig['severity']): PagerEvent {
  const { outcome, repo } = message;
  const lines = (texts: readonly string[]): string =>
    texts
      .map((text) => oneLine(text, 300))
      .join('\n')
      .slice(0, 4_000);
  return {
    event_action: 'trigger',
    dedup_key: dedupKey(message.healingId),
    payload: {
      summary: oneLine(`${repo.owner}/${repo.name}: ${message.title}: ${outcome.kind} (${outcome.reason})`, 1024),
      source: `${repo.owner}/${repo.name}`,
      severity,
      ...(message.service === undefined ? {} : { component: message.service }),
      group: message.subject,
      class: outcome.reason,
      custom_details: {
        healing: message.healingId,
        detail: oneLine(outcome.detail, 500),
        known: lines(message.hypotheses.flatMap(({ text, evidence }) => [text, ...evidence])),
        tried: lines(message.tried.map(({ strategy, result }) => `${strategy}: ${result}`)),
        commands: message.commands.join('\n').slice(0, 4_000),
        ...(message.owner === undefined ? {} : { owner: message.owner }),
        ...(message.branch === undefined ? {} : { branch: message.branch }),
      },
    },
    ...(isLink(message.webUiUrl)
      ? { links: [{ href: message.webUiUrl, text: 'History of the healing' }], client: 'Suture', client_url: message.webUiUrl }
      : {}),
  };
}

function noticeEvent(notice: Notice, severity: PagerDutyConfig['severity']): PagerEvent {
  return {
    event_action: 'trigger',
    dedup_key: dedupKey(notice.healingId),
    payload: {
      summary: oneLine(notice.text, 1024),
      source: oneLine(notice.healingId, 200),
      severity: notice.kind === 'escalation' ? severity : 'warning',
      class: notice.kind,
      custom_details: { healing: notice.healingId },
    },
  };
}

/** Endings after which nobody is needed any more. */
const SETTLED: ReadonlySet<string> = new Set([
  'healed',
  'recovered-alone',
  'reverted',
  'rejected',
  'cancelled',
  'superseded',
  'merged-into',
  'abstained',
]);

/** Pages people; null where no routing key is held. */
export function createPagerDutyNotifier({ config, secret, stateDir }: IntegrationContext<PagerDutyConfig>): Notifier | null {
  if (secret('pagerduty-routing-key')[0] === undefined) return null;
  const folder = join(stateDir, 'pagerduty');
  const openPath = (key: string): string => join(folder, 'open', key);
  const isOpen = async (key: string): Promise<boolean> => (await readTextIfThere(openPath(key))) !== null;
  const send = async (event: PagerEvent): Promise<void> => {
    // A page that waited while PagerDuty was away, for what is settled by now: nobody would ever resolve it.
    if (event.event_action === 'trigger' && !(await isOpen(event.dedup_key))) return;
    await sendEvent({ ...config, routingKey: secret('pagerduty-routing-key')[0] ?? '' }, event);
    if (event.event_action === 'resolve') await rm(openPath(event.dedup_key), { force: true });
  };
  const outbox = createOutbox<PagerEvent>(folder, {
    parse: (value) => PagerEvent.parse(value),
    send,
    keeps: (error) => error instanceof Failure && FAILURES[error.code].retry,
    recipient: (event) => event.dedup_key,
    now: () => Date.now(),
  });
  // Written before the page goes out: what was perhaps paged is resolved, what never was is left alone.
  const page = async (healingId: string, event: PagerEvent, key: string): Promise<void> => {
    await createAtomically(openPath(dedupKey(healingId)), '');
    await outbox.deliver(key, event);
  };
  const follow = async (healingId: string, action: 'acknowledge' | 'resolve', key: string): Promise<void> => {
    const dedup_key = dedupKey(healingId);
    if (await isOpen(dedup_key)) await outbox.deliver(key, { event_action: action, dedup_key });
  };
  return {
    async handOver(message, key) {
      if (config.pages.includes('hand-over')) await page(message.healingId, handOverEvent(message, config.severity), key);
    },
    async notify(notice, key) {
      if (notice.kind === 'outcome') {
        if (notice.outcome !== undefined && SETTLED.has(notice.outcome)) await follow(notice.healingId, 'resolve', key);
        return;
      }
      if (config.pages.includes(notice.kind)) await page(notice.healingId, noticeEvent(notice, config.severity), key);
    },
    async card(card: HealingCard, key) {
      if (card.outcome !== undefined) {
        if (SETTLED.has(card.outcome.kind)) await follow(card.healingId, 'resolve', `${key}/resolve`);
      } else if (card.decision !== undefined) await follow(card.healingId, 'acknowledge', `${key}/acknowledge`);
    },
    catchUp: () => outbox.catchUp(),
  };
}
