import type { Integration, IntegrationContext } from '../contract.ts';
import { createSlackSource, SIGNING_SECRET } from './alert-source.ts';
import { createSlackApi, type SlackApi } from './api.ts';
import { createUserGroups } from './approvers.ts';
import { allChannels } from './channels.ts';
import { SlackConfig } from './config.schema.ts';
import { createDelivery } from './delivery.ts';
import { createSlackDesk } from './desk.ts';
import { diagnose } from './doctor.ts';
import { createSlackNotifier } from './notifier.ts';

const now = (): number => Date.now();

/** The API client of one process, from configuration and secrets. */
export function slackApi({ config, secret }: Pick<IntegrationContext<SlackConfig>, 'config' | 'secret'>): SlackApi {
  return createSlackApi({ apiUrl: config.apiUrl, timeoutMs: config.timeoutMs, secret });
}

/** Slack: cards that people decide on, and messages in their threads. */
export const slack: Integration<typeof SlackConfig> = {
  id: 'slack',
  name: 'Slack',
  docs: 'docs/slack.md',
  configSchema: SlackConfig,
  alertSource: (context) => createSlackSource(context),
  notifier: (context) => {
    const { config, stateDir, readArtifact } = context;
    if (allChannels(config).length === 0) return null;
    return createSlackNotifier({ config, delivery: createDelivery(slackApi(context), stateDir, now), readArtifact, now });
  },
  desk: (context) => {
    const { config, stateDir } = context;
    const api = slackApi(context);
    const groups = createUserGroups(api, { cacheMs: config.groupCacheMs, now });
    return createSlackDesk({ api, config, groups, delivery: createDelivery(api, stateDir, now), now });
  },
  doctor: ({ config, secret }) => diagnose(slackApi({ config, secret }), config, { signing: secret(SIGNING_SECRET) }),
};
