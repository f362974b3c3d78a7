import type { Sandbox } from '../contract.ts';
import { isOrphan, ownMarker } from '../marker.ts';
import { ownerOf } from '../owner.ts';
import { type Finding, type Prepared, preparedSandbox } from '../prepared.ts';
import { LABELS, SEARCH_PATH } from './container.ts';
import { connectEngine, engineFailure, unlessStatus } from './engine.ts';
import type { DockerOptions } from './options.ts';
import { probeContainer } from './probe.ts';
import { type DockerHost, runDockerJob } from './run-job.ts';

export type { DockerOptions } from './options.ts';

/** What the sandbox of a container engine needs from outside. */
export interface DockerSandboxOptions {
  /** Folder of the service's state: containers of one installation are told apart by it. */
  readonly stateDir: string;
  readonly docker: DockerOptions;
  readonly log?: { info(facts: object, message: string): void };
}

/** Containers of one engine that are looked at in a sweep. */
const SWEPT_AT_ONCE = 50;

/**
 * Jobs in containers of a Docker or Podman engine, near or far: no network, no capabilities, our own system call filter, a read-only
 * root, a workspace in memory that is filled and read through the engine, so nothing of this machine is mounted.
 */
export function createDockerSandbox(options: DockerSandboxOptions): Sandbox {
  const { docker: settings } = options;
  const docker = connectEngine(settings);

  async function prepare(): Promise<Prepared<DockerHost>> {
    const findings: Finding[] = [];
    try {
      const version = await docker.version();
      const info = await docker.info();
      findings.push({ name: 'engine', ok: true, detail: `${version.Version}, API ${version.ApiVersion}` });
      const searchPaths = new Map<string, string>();
      for (const name of new Set([settings.image, ...Object.values(settings.images ?? {})])) {
        const image = await unlessStatus([404], docker.getImage(name).inspect());
        const volumes = Object.keys(image?.Config.Volumes ?? {});
        const wrong =
          image === null
            ? `the image ${name} is not at the engine; pull it there`
            : volumes.length > 0
              ? `the image ${name} declares volumes (${volumes.join(', ').slice(0, 200)}), which jobs could fill; build one without`
              : null;
        findings.push({ name: 'image', ok: wrong === null, detail: wrong ?? name });
        searchPaths.set(name, image?.Config.Env?.find((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? SEARCH_PATH);
      }
      if (findings.some((finding) => !finding.ok)) return { kind: 'unavailable', findings };
      const runtime = settings.runtime ?? String(info.DefaultRuntime ?? 'the default runtime');
      const host: DockerHost = {
        docker,
        options: settings,
        marker: ownMarker(),
        owner: ownerOf(options.stateDir),
        searchPaths,
        isolation: `container engine ${version.Version}, ${runtime}, seccomp, cgroup memory+pids`,
      };
      findings.push(...(await probeContainer(host)));
      if (findings.some((finding) => !finding.ok)) return { kind: 'unavailable', findings };
      options.log?.info({ isolation: host.isolation }, 'sandbox ready');
      return { kind: 'ready', host, findings };
    } catch (error) {
      return {
        kind: 'unavailable',
        findings: [...findings, { name: 'engine', ok: false, detail: engineFailure(error, 'answer').message }],
      };
    }
  }

  return {
    id: 'docker',
    platform: `docker ${JSON.stringify([settings.image, settings.images])}`,
    ...preparedSandbox(prepare, runDockerJob),
    async sweep() {
      const { installation, machine } = ownerOf(options.stateDir);
      const label = [`${LABELS.owner}=${installation}`, `${LABELS.machine}=${machine}`];
      const left = await docker.listContainers({ all: true, limit: SWEPT_AT_ONCE, filters: { label } }).catch(() => []);
      const orphans = left.filter((container) => isOrphan(container.Labels[LABELS.marker] ?? ''));
      for (const { Id } of orphans) await unlessStatus([404, 409], docker.getContainer(Id).remove({ force: true, v: true }));
      return orphans.length;
    },
  };
}
