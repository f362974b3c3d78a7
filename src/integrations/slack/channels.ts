import type { RepoRef } from '../../domain/names.schema.ts';
import type { SlackConfig } from './config.schema.ts';

/** The channel of a repository's healings; null when it has none. */
export function channelOf(config: Pick<SlackConfig, 'channel' | 'channels'>, repo: RepoRef): string | null {
  return config.channels[`${repo.owner}/${repo.name}`] ?? config.channel ?? null;
}

/** Every channel that cards may go to. */
export function allChannels(config: Pick<SlackConfig, 'channel' | 'channels'>): readonly string[] {
  return [...new Set([...(config.channel === undefined ? [] : [config.channel]), ...Object.values(config.channels)])];
}

/** Where a message goes and whom it mentions, from its own `to`; names that are not Slack's are for other notifiers. */
export function addressees(to: readonly string[] | undefined): {
  readonly channels: readonly string[];
  readonly mentioned: readonly string[];
} {
  const named = [...new Set(to ?? [])].map((each) => each.replace(/^slack(?:-group)?:/, ''));
  return {
    channels: named.filter((each) => /^[CG][A-Z0-9]{2,20}$/.test(each)).slice(0, 10),
    mentioned: named.filter((each) => /^[UWS][A-Z0-9]{2,20}$/.test(each)).slice(0, 20),
  };
}
