import type { Profile, SandboxJob } from '../contract.ts';

/** How the engine is reached and what a job runs in. */
export interface DockerOptions {
  /** Path of the engine's socket, for Docker and Podman; default: Docker's own. */
  readonly socketPath?: string;
  /** `host:port` of an engine elsewhere instead, with TLS by these files (PEM). */
  readonly remote?:
    | {
        readonly host: string;
        readonly port: number;
        readonly ca: string;
        readonly cert: string;
        readonly key: string;
      }
    | undefined;
  /** Image of jobs, by digest (`name@sha256:…`) or by id (`sha256:…`): what runs must not change under a name. */
  readonly image: string;
  /** Images of single profiles, by digest or id, instead of `image`. */
  readonly images?: Readonly<Partial<Record<Profile, string>>> | undefined;
  /** OCI runtime, such as `runsc`; default: that of the engine. */
  readonly runtime?: string | undefined;
}

/** The image that a job runs in: that of its profile when it asks for one that has its own. */
export function imageOf(job: Pick<SandboxJob, 'profiles'>, { image, images }: DockerOptions): string {
  return job.profiles?.map((profile) => images?.[profile]).find((each) => each !== undefined) ?? image;
}
