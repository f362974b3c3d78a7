import type { SandboxJob } from './contract.ts';
import type { NetworkPlan } from './network.ts';

/** Folder of what a dependency job installed outside the workspace. */
export const DEPS = '/deps';

/** What keeps package managers from waiting for a network that is not there. */
const OFFLINE = {
  npm_config_offline: 'true',
  PIP_NO_INDEX: '1',
  GOPROXY: 'off',
  CARGO_NET_OFFLINE: 'true',
  BUNDLE_FROZEN: 'true',
} as const;

/** Folders and manners of package managers. */
const TOOLS = {
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PYTHONUSERBASE: `${DEPS}/python`,
  GOPATH: `${DEPS}/go`,
  GOTOOLCHAIN: 'local',
  GOTELEMETRY: 'off',
  CARGO_HOME: `${DEPS}/cargo`,
  MAVEN_OPTS: `-Dmaven.repo.local=${DEPS}/m2`,
  BUNDLE_PATH: `${DEPS}/bundle`,
} as const;

/** The environment of a job's steps, the same in every backend: nothing of the service's, `path` where its toolchains are. */
export function jobEnvironment(
  job: Pick<SandboxJob, 'env' | 'secrets' | 'registries'>,
  path: string,
  network: NetworkPlan,
): Record<string, string> {
  // Only jobs that install have the list at all, be it empty.
  const installs = job.registries !== undefined;
  return {
    PATH: `${path}:${DEPS}/python/bin:${DEPS}/go/bin:${DEPS}/cargo/bin`,
    HOME: '/home/sandbox',
    TMPDIR: '/tmp',
    LANG: 'C.UTF-8',
    CI: 'true',
    ...(installs ? {} : OFFLINE),
    ...TOOLS,
    ...network.env,
    ...job.env,
    ...job.secrets,
  };
}
