export { loadConfig, type LoadedConfig, stateFolder } from './load.ts';
export { parseRepositoryPolicy, POLICY_PATH } from './repository-policy.ts';
export { Secret } from './secret.ts';
export { loadSecrets, type Secrets } from './secrets.ts';
export type { ServerConfig } from './server-config.schema.ts';
export { settingsFrom } from './settings.ts';
