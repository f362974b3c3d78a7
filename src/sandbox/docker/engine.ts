import { readFileSync } from 'node:fs';
import Docker from 'dockerode';
import { Failure } from '../../domain/failure.ts';
import type { DockerOptions } from './options.ts';

const SOCKET = '/var/run/docker.sock';

/** A client of the engine. Without repeats: Temporal repeats. */
export function connectEngine(options: DockerOptions): Docker {
  const { remote } = options;
  if (remote === undefined) return new Docker({ socketPath: options.socketPath ?? SOCKET });
  const file = (name: 'ca' | 'cert' | 'key'): string => {
    try {
      return readFileSync(remote[name], 'utf8');
    } catch (cause) {
      throw new Failure('configuration-invalid', `sandbox.docker.remote.${name}: ${remote[name]} cannot be read`, { cause });
    }
  };
  return new Docker({ protocol: 'https', host: remote.host, port: remote.port, ca: file('ca'), cert: file('cert'), key: file('key') });
}

/** The HTTP status in an error of the engine; undefined when it never answered. */
export function statusOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** An error of the engine as the sandbox's own: it is not there, or it does not do what was asked. */
export function engineFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  const said = (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 300) ?? '';
  const way = statusOf(error) === undefined ? 'start the engine, or correct sandbox.docker.socketPath' : 'run `suture doctor`';
  return new Failure('sandbox-unavailable', `the container engine did not ${what} (${said}); ${way}`, { cause: error });
}

/** Runs a call and gives null for these statuses. */
export async function unlessStatus<T>(statuses: readonly number[], call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}
