import { z } from 'zod';
import { SafeName } from '../../domain/names.schema.ts';

const FullName = z.string().refine((text) => {
  const parts = text.split('/');
  return parts.length === 2 && parts.every((part) => SafeName.safeParse(part).success);
}, 'must be owner/name');

const Metric = z.string().regex(/^[A-Za-z][A-Za-z0-9_.]{0,199}$/, 'must be the name of a metric');

/** Sites of Datadog, as its documentation lists them. */
export const SITES = [
  'datadoghq.com',
  'us3.datadoghq.com',
  'us5.datadoghq.com',
  'us2.ddog-gov.com',
  'ddog-gov.com',
  'datadoghq.eu',
  'ap1.datadoghq.com',
  'ap2.datadoghq.com',
  'uk1.datadoghq.com',
] as const;

/** What the Datadog integration needs to know. Its secrets: `datadog-webhook`, `datadog-api-key` and `datadog-app-key`. */
export const DatadogConfig = z.strictObject({
  services: z
    .record(z.string().max(100), FullName)
    .default({})
    .describe("Repository `owner/name` that a service runs from, by the name in a monitor's `service:` tag."),
  headerName: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/)
    .default('x-suture-token')
    .describe('Header that carries the secret, in lower case.'),
  site: z.enum(SITES).default('datadoghq.com').describe('Site of the organisation.'),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe("Address of the API, where it is not the site's."),
  webhookName: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,60}$/)
    .default('suture')
    .describe('Name of the webhook that `suture setup datadog` keeps; monitors mention it as `@webhook-<name>`.'),
  metrics: z
    .strictObject({
      requests: Metric.default('trace.http.request.hits').describe('Count of requests.'),
      errors: Metric.default('trace.http.request.errors').describe('Count of failed requests.'),
      latency: Metric.default('trace.http.request').describe('Latency in seconds, a distribution: its p95 is taken.'),
      cpu: Metric.default('container.cpu.usage').describe('CPU use, in the unit of the thresholds of the policy.'),
    })
    .prefault({})
    .describe('Metrics that say how a service is; each must carry the tags `service` and `env`.'),
  latencyBy: z.enum(['p95', 'p99', 'avg', 'max']).default('p95').describe('How latencies are put together; a gauge has no percentiles.'),
  timeoutMs: z.number().int().min(100).max(25_000).default(10_000).describe('Limit of one call.'),
});
export type DatadogConfig = z.infer<typeof DatadogConfig>;
