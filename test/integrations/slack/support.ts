import type { HealingCard } from '../../../src/domain/healing-card.ts';
import { createSlackApi } from '../../../src/integrations/slack/api.ts';
import { createUserGroups } from '../../../src/integrations/slack/approvers.ts';
import { SlackConfig } from '../../../src/integrations/slack/config.schema.ts';
import { createDelivery } from '../../../src/integrations/slack/delivery.ts';
import { createSlackDesk } from '../../../src/integrations/slack/desk.ts';
import { createSlackNotifier } from '../../../src/integrations/slack/notifier.ts';
import { SIGNING, type SlackStandIn } from '../../support/slack/stand-in.ts';

/** Hash of the change set that cards show. */
export const HASH = 'a'.repeat(64);

/** A card of `acme/shop`, pull request 1. */
export function cardOf(more: Partial<HealingCard> = {}): HealingCard {
  return {
    healingId: 'heal/acme/shop/pr/1',
    repo: { owner: 'acme', name: 'shop' },
    subject: 'pr/1',
    since: new Date(Date.now() - 60_000).toISOString(),
    state: 'reasoning',
    attempt: 1,
    title: 'test_login fails',
    lines: ['reproduced: red twice'],
    ...more,
  };
}

/** A card that waits for a person. */
export function waitingCard(more: Partial<HealingCard> = {}): HealingCard {
  return cardOf({
    state: 'awaiting-approval',
    cause: 'config.yaml sets the token lifetime to 0',
    class: 'bad-configuration',
    proof: 'red without the change, green with it, 2 neighbours unchanged',
    change: {
      title: 'Roll config.yaml back',
      strategy: 'config-rollback',
      risk: 'medium',
      hash: HASH,
      paths: ['config.yaml'],
      additions: 1,
      deletions: 1,
    },
    approval: { changeSetHash: HASH, approvers: ['slack-group:S0APPROVE1'], reasons: ['protected path: config.yaml'] },
    ...more,
  });
}

/** The configuration that fits a stand-in; its first channel is `healings`. */
export function configOf(standIn: SlackStandIn, more: Partial<Record<keyof SlackConfig, unknown>> = {}): SlackConfig {
  return SlackConfig.parse({
    channel: standIn.channels['healings'],
    approvers: [standIn.users['mara']],
    teamId: 'T000000001',
    appId: 'A0SUTURE01',
    apiUrl: standIn.apiUrl,
    hooksUrl: standIn.hooksUrl,
    timeoutMs: 2_000,
    ...more,
  });
}

/** Everything that one worker has of Slack, on the code under test. */
export function workerOf(
  standIn: SlackStandIn,
  stateDir: string,
  more: {
    readonly config?: Partial<Record<keyof SlackConfig, unknown>>;
    readonly token?: string;
    readonly now?: () => number;
    readonly diff?: string;
  } = {},
) {
  const config = configOf(standIn, more.config);
  const now = more.now ?? (() => Date.now());
  const secret = (name: string): readonly string[] => (name === 'slack-bot-token' ? [more.token ?? standIn.token] : [SIGNING]);
  const api = createSlackApi({ ...config, secret });
  const delivery = createDelivery(api, stateDir, now);
  const readArtifact = async (): Promise<Uint8Array> => {
    if (more.diff === undefined) throw new Error('there is no such artifact');
    return Buffer.from(more.diff);
  };
  return {
    api,
    config,
    secret,
    notifier: createSlackNotifier({ config, delivery, readArtifact, now }),
    desk: createSlackDesk({ api, config, groups: createUserGroups(api, { cacheMs: config.groupCacheMs, now }), delivery, now }),
  };
}

/** All text that people see of a message, whichever block holds it. */
export function seen(message: unknown): string {
  return JSON.stringify(message);
}
