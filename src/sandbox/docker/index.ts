import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { Failure } from '../../domain/failure.ts';
import type { Sandbox, SandboxHealth } from '../contract.ts';
import { checkJob } from '../job-check.ts';
import { isOrphan, ownMarker } from '../marker.ts';
import { LABELS } from './container.ts';
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

type Finding = SandboxHealth['findings'][number];

type Prepared =
  | { readonly kind: 'ready'; readonly host: DockerHost; readonly findings: readonly Finding[] }
  | { readonly kind: 'unavailable'; readonly findings: readonly Finding[] };

/** Containers of one engine that are looked at in a sweep. */
const SWEPT_AT_ONCE = 50;

/**
 * Jobs in containers of a Docker or Podman engine, near or far: no network, no capabilities, our own system call filter, a read-only
 * root, a workspace in memory that is filled and read through the engine, so nothing of this machine is mounted.
 */
export function createDockerSandbox(options: DockerSandboxOptions): Sandbox {
  const { docker: settings } = options;
  const docker = connectEngine(settings);
  const owner = createHash('sha256').update(`${hostname()}\0${options.stateDir}`).digest('hex').slice(0, 24);
  let prepared: Promise<Prepared> | null = null;

  async function prepare(): Promise<Prepared> {
    const findings: Finding[] = [];
    try {
      const version = await docker.version();
      const info = await docker.info();
      findings.push({ name: 'engine', ok: true, detail: `${version.Version}, API ${version.ApiVersion}` });
      const image = await unlessStatus([404], docker.getImage(settings.image).inspect());
      if (image === null) {
        const detail = `the image ${settings.image} is not at the engine; pull it there`;
        return { kind: 'unavailable', findings: [...findings, { name: 'image', ok: false, detail }] };
      }
      const volumes = Object.keys(image.Config.Volumes ?? {});
      if (volumes.length > 0) {
        const detail = `the image declares volumes (${volumes.join(', ').slice(0, 200)}), which jobs could fill; build one without`;
        return { kind: 'unavailable', findings: [...findings, { name: 'image', ok: false, detail }] };
      }
      findings.push({ name: 'image', ok: true, detail: settings.image });
      const runtime = settings.runtime ?? String(info.DefaultRuntime ?? 'the default runtime');
      const host: DockerHost = {
        docker,
        options: settings,
        marker: ownMarker(),
        owner,
        imagePath: image.Config.Env?.find((line) => line.startsWith('PATH='))?.slice('PATH='.length),
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

  /** Looks once per process; a negative answer is not kept, so that the way out can be taken without a restart. */
  async function ready(): Promise<Prepared> {
    prepared ??= prepare();
    const asked = prepared;
    const answer = await asked;
    if (answer.kind === 'unavailable' && prepared === asked) prepared = null;
    return answer;
  }

  return {
    id: 'docker',
    platform: `docker ${JSON.stringify([settings.image, settings.images])}`,
    async preflight() {
      const answer = await ready();
      return {
        available: answer.kind === 'ready',
        findings: answer.findings,
        isolation: answer.kind === 'ready' ? answer.host.isolation : 'none',
      };
    },
    async run(job, runOptions = {}) {
      checkJob(job);
      if (runOptions.signal?.aborted) throw new Failure('cancelled', `sandbox job ${job.name} was cancelled`);
      const answer = await ready();
      if (answer.kind === 'unavailable') {
        const reasons = answer.findings.filter((finding) => !finding.ok).map((finding) => finding.detail);
        throw new Failure('sandbox-unavailable', reasons.join('; '));
      }
      return runDockerJob(answer.host, job, runOptions);
    },
    async sweep() {
      const left = await docker
        .listContainers({ all: true, limit: SWEPT_AT_ONCE, filters: { label: [`${LABELS.owner}=${owner}`] } })
        .catch(() => []);
      const orphans = left.filter((container) => isOrphan(container.Labels[LABELS.marker] ?? ''));
      for (const { Id } of orphans) await unlessStatus([404, 409], docker.getContainer(Id).remove({ force: true, v: true }));
      return orphans.length;
    },
  };
}
