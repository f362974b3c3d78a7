export { bearersOf } from './bearers.ts';
export { type LoadedConfig, loadConfig, stateFolder } from './load.ts';
export { parseRepositoryPolicy } from './repository-policy.ts';
export { parseSandboxJob } from './sandbox-job.ts';
export { loadSecrets } from './secrets.ts';
export { settingsFrom } from './settings.ts';
