import type Docker from 'dockerode';
import type { Sandbox } from '../contract.ts';
import { isOrphan, ownMarker } from '../marker.ts';
import { ownerOf } from '../owner.ts';
import { type Finding, type Prepared, preparedSandbox } from '../prepared.ts';
import { LABELS, SEARCH_PATH } from './container.ts';
import { connectEngine, engineFailure, unlessStatus } from './engine.ts';
import type { DockerOptions } from './options.ts';
import { probeContainer } from './probe.ts';
import { type DockerHost, runDockerJob } from './run-job.ts';
import { patience, takeAway } from './take-away.ts';

export type { DockerOptions } from './options.ts';

/** What the sandbox of a container engine needs from outside. */
export interface DockerSandboxOptions {
  /** Folder of the service's state: containers of one installation are told apart by it. */
  readonly stateDir: string;
  readonly docker: DockerOptions;
  readonly log?: { info(facts: object, message: string): void };
}

/** Containers of one engine that are taken away in a sweep. */
const SWEPT_AT_ONCE = 50;
/** One that ended so long ago is taken away whichever machine it is of: a worker takes its own away at once, so that one will not come back. */
const FORGOTTEN_MS = 24 * 3_600_000;

/** Docker from this version on ends what is left of a container that it was killed in starting, when it is asked to start it once more. */
const FIRST_THAT_REPLACES = 24;

function shortcoming({ Version, Components }: Docker.DockerVersion): string {
  const isDocker = Components?.some(({ Name }) => Name === 'Engine') === true;
  return isDocker && Number.parseInt(Version, 10) < FIRST_THAT_REPLACES
    ? `; when it is killed itself it forgets processes of containers: take ${FIRST_THAT_REPLACES} or later`
    : '';
}

/**
 * Jobs in containers of a Docker or Podman engine, near or far: no network, no capabilities, our own system call filter, a read-only
 * root, a workspace in memory that is filled and read through the engine, so nothing of this machine is mounted.
 */
export function createDockerSandbox(options: DockerSandboxOptions): Sandbox {
  const { docker: settings } = options;
  const docker = connectEngine(settings);
  const left = new Set<string>();

  async function prepare(): Promise<Prepared<DockerHost>> {
    const findings: Finding[] = [];
    try {
      const version = await docker.version();
      const info = await docker.info();
      findings.push({ name: 'engine', ok: true, detail: `${version.Version}, API ${version.ApiVersion}${shortcoming(version)}` });
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
        left,
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
      const label = [`${LABELS.owner}=${installation}`];
      // All of them: a limit would keep the newest, which are at work, and hide what was left long ago.
      const found = await docker.listContainers({ all: true, filters: { label }, abortSignal: patience() }).catch(() => []);
      const own = ownMarker();
      const namesOf = ({ Id, Names }: (typeof found)[number]): readonly string[] => [Id, ...Names.map((name) => name.replace(/^\//, ''))];
      const isLeft = (container: (typeof found)[number]): boolean => {
        const { Labels, State, Created } = container;
        const marker = Labels[LABELS.marker] ?? '';
        if (marker === own) return namesOf(container).some((name) => left.has(name));
        return Labels[LABELS.machine] === machine ? isOrphan(marker) : State !== 'running' && Created * 1000 < Date.now() - FORGOTTEN_MS;
      };
      const taken = await Promise.all(
        found
          .filter(isLeft)
          .slice(0, SWEPT_AT_ONCE)
          .map(async (container) => {
            // What the engine does not answer about stays for the next sweep.
            const answer = await takeAway(docker.getContainer(container.Id)).catch(() => null);
            if (answer !== null) for (const name of namesOf(container)) left.delete(name);
            return answer === true;
          }),
      );
      return taken.filter(Boolean).length;
    },
  };
}
