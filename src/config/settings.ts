import type { HealingSettings } from '../domain/settings.ts';
import type { ServerConfig } from './server-config.schema.ts';

/** The part of the configuration that every healing gets as its immutable input. */
export function settingsFrom(config: ServerConfig, options: { readonly dryRun?: boolean } = {}): HealingSettings {
  return {
    timings: config.timings,
    caps: config.caps,
    autonomyCeiling: config.autonomyCeiling,
    dryRun: options.dryRun ?? false,
    ...(config.telemetry ? { telemetry: true } : {}),
  };
}
