import type { Integration } from '../contract.ts';
import { createDatadogSource } from './alert-source.ts';
import { createDatadogClient, hasKeys } from './client.ts';
import { DatadogConfig } from './config.ts';
import { diagnose } from './doctor.ts';
import { createDatadogHealth } from './health.ts';
import { createDatadogTelemetry } from './telemetry.ts';

/** Datadog: monitor alerts by webhook with our custom payload; with keys, how services are, and Suture shown there. */
export const datadog: Integration<typeof DatadogConfig> = {
  id: 'datadog',
  name: 'Datadog',
  docs: 'docs/datadog.md',
  configSchema: DatadogConfig,
  alertSource: createDatadogSource,
  health: ({ config, secret }) =>
    hasKeys(secret) ? createDatadogHealth(createDatadogClient(config, secret, 'health-unavailable'), config, () => new Date()) : null,
  telemetry: ({ config, secret, stateDir }) =>
    hasKeys(secret)
      ? createDatadogTelemetry(createDatadogClient(config, secret, 'notifier-unavailable'), { stateDir, now: () => Date.now() })
      : null,
  doctor: ({ config, secret }) => diagnose(createDatadogClient(config, secret, 'health-unavailable'), config, secret),
};
