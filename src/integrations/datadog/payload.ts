import { z } from 'zod';

/** The custom payload of our Datadog webhook: every value quoted, because Datadog splices text. Sent as JSON with a secret header. */
export const DATADOG_PAYLOAD = {
  id: '$ID',
  date: '$DATE',
  last_updated: '$LAST_UPDATED',
  title: '$EVENT_TITLE',
  alert_id: '$ALERT_ID',
  alert_title: '$ALERT_TITLE',
  alert_transition: '$ALERT_TRANSITION',
  alert_cycle_key: '$ALERT_CYCLE_KEY',
  alert_scope: '$ALERT_SCOPE',
  alert_metric: '$ALERT_METRIC',
  alert_status: '$ALERT_STATUS',
  aggreg_key: '$AGGREG_KEY',
  tags: '$TAGS',
  link: '$LINK',
} as const;

/** Empty fields and variables that Datadog left unexpanded (`$NAME`) are absent; markdown fences go. */
const Field = z
  .unknown()
  .optional()
  .transform((value): string | undefined => {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    const text = String(value).replaceAll('%%%', '').trim();
    return text === '' || text === 'null' || /^\$[A-Z_]+(\[[^\]]*\])?$/.test(text) ? undefined : text;
  });

/** A delivery of our payload as it arrives: only what is used, everything optional. */
export const DatadogDelivery = z.object({
  id: Field,
  date: Field,
  last_updated: Field,
  title: Field,
  alert_id: Field,
  alert_title: Field,
  alert_transition: Field,
  alert_cycle_key: Field,
  alert_scope: Field,
  alert_metric: Field,
  alert_status: Field,
  aggreg_key: Field,
  tags: Field,
  link: Field,
});
export type DatadogDelivery = z.infer<typeof DatadogDelivery>;
