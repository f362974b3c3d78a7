import type { Configuration } from '@datadog/datadog-api-client/dist/packages/datadog-api-client-common/index.js';
import { Failure, type FailureCode } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { DatadogConfig } from './config.ts';

/** Wait when Datadog names none, in milliseconds. */
const PAUSE_MS = 60_000;

const API_KEY = 'datadog-api-key';
const APP_KEY = 'datadog-app-key';

/** Datadog's own client, one part of it at a time: the whole costs 2.4 s and 190 MB to load, one API of it 0.2 s and 40 MB. */
const PARTS = {
  authentication: async (config: Configuration) =>
    new (await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/apis/AuthenticationApi.js')).AuthenticationApi(
      config,
    ),
  dashboards: async (config: Configuration) =>
    new (await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/apis/DashboardsApi.js')).DashboardsApi(config),
  downtimes: async (config: Configuration) =>
    new (await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v2/apis/DowntimesApi.js')).DowntimesApi(config),
  events: async (config: Configuration) =>
    new (await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/apis/EventsApi.js')).EventsApi(config),
  monitors: async (config: Configuration) =>
    new (await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/apis/MonitorsApi.js')).MonitorsApi(config),
  query: async (config: Configuration) =>
    new (await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/apis/MetricsApi.js')).MetricsApi(config),
  series: async (config: Configuration) =>
    new (await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v2/apis/MetricsApi.js')).MetricsApi(config),
  webhooks: async (config: Configuration) =>
    new (
      await import('@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/apis/WebhooksIntegrationApi.js')
    ).WebhooksIntegrationApi(config),
} as const;

type Parts = { readonly [Name in keyof typeof PARTS]: Awaited<ReturnType<(typeof PARTS)[Name]>> };

/** Calls of Datadog's API. Every failure is a `Failure`: a limit with Datadog's own wait, a refusal as `not-permitted`, else the code given at the start. */
export interface DatadogClient {
  call<Name extends keyof Parts, T>(part: Name, what: string, work: (api: Parts[Name]) => Promise<T>): Promise<T>;
  /** The same, with null where there is no such thing. */
  find<Name extends keyof Parts, T>(part: Name, what: string, work: (api: Parts[Name]) => Promise<T>): Promise<T | null>;
}

/** Where the keys come from. */
export type Secrets = (name: string) => readonly string[];

/** Whether both keys are held. */
export function hasKeys(secret: Secrets): boolean {
  return secret(API_KEY)[0] !== undefined && secret(APP_KEY)[0] !== undefined;
}

function statusOf(error: unknown): number | null {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'number' ? code : null;
}

function said(error: unknown): string {
  const body: unknown = typeof error === 'object' && error !== null && 'body' in error ? error.body : null;
  const errors: unknown = typeof body === 'object' && body !== null && 'errors' in body ? body.errors : null;
  return Array.isArray(errors) && errors.length > 0 ? `: ${oneLine(errors.map(String).join('; '), 200)}` : '';
}

/** How long Datadog asks to be left alone: `x-ratelimit-reset`, in seconds from now. */
function resetOf(headers: Headers): number {
  const seconds = Number(headers.get('x-ratelimit-reset') ?? headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : PAUSE_MS;
}

/** The client of one process; keys are read at each call, so that a rotation needs no restart. */
export function createDatadogClient(
  config: Pick<DatadogConfig, 'site' | 'apiUrl' | 'timeoutMs'>,
  secret: Secrets,
  unavailable: Extract<FailureCode, 'health-unavailable' | 'notifier-unavailable'>,
): DatadogClient {
  const address = config.apiUrl ?? `https://api.${config.site}`;

  async function limited(url: string, init: RequestInit): Promise<Response> {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(config.timeoutMs) });
    if (response.status === 429)
      throw new Failure('rate-limited', "Datadog's limit was reached", { retryAfterMs: resetOf(response.headers) });
    return response;
  }

  async function open<Name extends keyof Parts>(part: Name): Promise<Parts[Name]> {
    const [apiKey, appKey] = [secret(API_KEY)[0], secret(APP_KEY)[0]];
    if (apiKey === undefined || appKey === undefined)
      throw new Failure('configuration-invalid', `the secret ${apiKey === undefined ? API_KEY : APP_KEY} is missing; see docs/datadog.md`);
    const { createConfiguration, ServerConfiguration } = await import(
      '@datadog/datadog-api-client/dist/packages/datadog-api-client-common/index.js'
    );
    const { logger } = await import('@datadog/datadog-api-client/dist/logger.js');
    // It prints every failure by itself; ours are thrown.
    logger.disableAll();
    const configuration = createConfiguration({
      baseServer: new ServerConfiguration(address, {}),
      authMethods: { apiKeyAuth: apiKey, appKeyAuth: appKey },
      // Temporal repeats, and knows how long to wait.
      enableRetry: false,
      fetch: limited,
    });
    return (await PARTS[part](configuration)) as Parts[Name];
  }

  function failureOf(error: unknown, what: string): Failure {
    if (error instanceof Failure) return error;
    const status = statusOf(error);
    if (status === 401 || status === 403)
      return new Failure(
        'not-permitted',
        `Datadog refused to ${what} (${status})${said(error)}: check the keys, the site ${config.site} and the permissions in docs/datadog.md`,
      );
    if (status !== null && status >= 400 && status < 500 && status !== 408)
      return new Failure('configuration-invalid', `Datadog did not take it to ${what} (${status})${said(error)}`, { cause: error });
    const why = status === null ? oneLine(error instanceof Error ? error.message : String(error), 200) : `status ${status}`;
    return new Failure(unavailable, `Datadog could not ${what}: ${why}`, { cause: error });
  }

  const call: DatadogClient['call'] = async (part, what, work) => {
    try {
      const answer = await work(await open(part));
      // What it cannot parse the client gives back as text.
      if (typeof answer === 'string') throw new Failure(unavailable, `Datadog could not ${what}: the answer was cut off`);
      return answer;
    } catch (error) {
      throw failureOf(error, what);
    }
  };
  return {
    call,
    async find(part, what, work) {
      return await call(part, what, async (api) => {
        try {
          return await work(api);
        } catch (error) {
          if (statusOf(error) === 404) return null;
          throw error;
        }
      });
    },
  };
}
