import type { Integration } from '../contract.ts';
import { PagerDutyConfig } from './config.schema.ts';
import { createPagerDutyNotifier } from './notifier.ts';

/** PagerDuty by its Events API v2. */
export const pagerduty: Integration<typeof PagerDutyConfig> = {
  id: 'pagerduty',
  name: 'PagerDuty',
  docs: 'docs/pagerduty.md',
  configSchema: PagerDutyConfig,
  notifier: createPagerDutyNotifier,
  async doctor({ config, secret }) {
    const key = secret('pagerduty-routing-key')[0];
    if (key === undefined)
      return [{ name: 'routing key', ok: false, detail: 'the secret pagerduty-routing-key is missing: nobody is paged' }];
    // PagerDuty offers no call that proves a routing key without paging somebody.
    const looks = /^[A-Za-z0-9]{32}$/.test(key);
    return [
      {
        name: 'routing key',
        ok: looks,
        detail: looks
          ? `has the form of one; whether ${config.eventsUrl} takes it shows at the first page`
          : 'is not 32 letters and digits: take the integration key of an Events API v2 integration',
      },
    ];
  },
};
