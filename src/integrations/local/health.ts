import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { HealthReading, HealthSource } from '../contract.ts';
import { readLive, urlOf } from './deployments.ts';
import type { EnvironmentSettings } from './records.schema.ts';
import { openRepository } from './repo-store.ts';

const CONCURRENCY = 16;
const TIMEOUT_MS = 5_000;
const MAX_REQUESTS = 2_000;

interface ProbeRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Status of one request; null when nobody answered in time. */
export async function ask(request: ProbeRequest): Promise<number | null> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}

/** Whether a health endpoint answers with 2xx. */
export async function isHealthy(url: string): Promise<boolean> {
  const status = await ask({ url, method: 'GET', headers: {}, body: null });
  return status !== null && status >= 200 && status < 300;
}

async function askAll(requests: readonly ProbeRequest[]): Promise<ReadonlyArray<number | null>> {
  const answers: Array<number | null> = requests.map(() => null);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < requests.length; at = next++) {
      const request = requests[at];
      answers[at] = request === undefined ? null : await ask(request);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, requests.length) }, lane));
  return answers;
}

async function bodiesOf(root: string, file: string): Promise<readonly string[]> {
  const path = resolve(root, file);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Failure('health-unavailable', `${path} cannot be read as JSON: it has to hold an array of request bodies`, { cause: error });
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_REQUESTS) {
    throw new Failure('health-unavailable', `${path} has to hold an array of 1 to ${MAX_REQUESTS} request bodies`);
  }
  return value.map((body: unknown) => JSON.stringify(body));
}

async function requestsOf(root: string, base: string, probe: NonNullable<EnvironmentSettings['probe']>): Promise<readonly ProbeRequest[]> {
  const url = `${base}${probe.path}`;
  if (probe.bodiesFile === undefined) {
    return [{ url, method: probe.method, headers: probe.headers, body: null }];
  }
  const headers = { 'content-type': 'application/json', ...probe.headers };
  return (await bodiesOf(root, probe.bodiesFile)).map((body) => ({ url, method: probe.method, headers, body }));
}

/** Measures production by asking it: the health endpoint, then every request of the environment's probe. */
export function createLocalHealth(stateDir: string): HealthSource {
  return {
    async read({ repo, environment }): Promise<HealthReading> {
      const { folders, settings } = await openRepository(stateDir, repo);
      const wanted = Object.hasOwn(settings.environments, environment) ? settings.environments[environment] : undefined;
      const live = wanted === undefined ? null : await readLive(folders, environment);
      if (wanted === undefined || live === null) {
        throw new Failure('health-unavailable', `nothing of ${repo.owner}/${repo.name} is deployed to ${environment}: deploy it first`);
      }
      const base = urlOf(live);
      const healthy = await isHealthy(`${base}${wanted.healthPath}`);
      const answers = wanted.probe === undefined ? [] : await askAll(await requestsOf(folders.root, base, wanted.probe));
      const errors = answers.filter((status) => status === null || status >= 400).length;
      return {
        at: new Date().toISOString(),
        requests: answers.length,
        errors,
        errorRate: answers.length === 0 ? null : errors / answers.length,
        healthy,
      };
    },
  };
}
