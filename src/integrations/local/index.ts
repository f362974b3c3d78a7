import type { Integration } from '../contract.ts';
import { createLocalAlertSource } from './alert-source.ts';
import { LocalConfig } from './config.schema.ts';
import { createLocalForge } from './forge.ts';
import { createLocalHealth } from './health.ts';
import { createLocalNotifier } from './notifier.ts';

/** The forge on this machine: bare git repositories with records beside them, its events, its production, its messages to people. */
export const local: Integration<typeof LocalConfig> = {
  id: 'local',
  name: 'Local forge',
  docs: 'docs/operating.md',
  configSchema: LocalConfig,
  alertSource: ({ secret }) => createLocalAlertSource(secret('local-webhook')),
  forge: ({ stateDir }) => createLocalForge(stateDir),
  health: ({ stateDir }) => createLocalHealth(stateDir),
  notifier: ({ stateDir, readArtifact }) => createLocalNotifier(stateDir, readArtifact),
};
