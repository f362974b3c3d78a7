import type { Integration } from '../contract.ts';
import { createDatadogSource } from './alert-source.ts';
import { DatadogConfig } from './config.ts';

/** Datadog: monitor alerts by webhook with our custom payload. */
export const datadog: Integration<typeof DatadogConfig> = {
  id: 'datadog',
  name: 'Datadog monitor alerts, by webhook',
  docs: 'https://docs.datadoghq.com/integrations/webhooks/',
  configSchema: DatadogConfig,
  alertSource: createDatadogSource,
};
