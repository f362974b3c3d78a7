import axios, { AxiosError, type AxiosInstance } from 'axios';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';

/** States of a run. */
export const RunStatus = z.enum([
  'CREATED',
  'SCHEDULED',
  'RUNNING',
  'FINISHED',
  'FAILED',
  'TERMINATION_REQUESTED',
  'TERMINATING',
  'TERMINATED',
  'UNKNOWN',
]);
export type RunStatus = z.infer<typeof RunStatus>;

/** A run that will not change any more. */
export const isOver = (status: RunStatus): boolean => status === 'FINISHED' || status === 'FAILED' || status === 'TERMINATED';

/** A run that somebody is ending. */
export const isEnding = (status: RunStatus): boolean => status === 'TERMINATION_REQUESTED' || status === 'TERMINATING';

/** What is read of a run. */
export const Run = z.object({
  name: z.string(),
  // A state that the platform adds tells nothing, like its own UNKNOWN.
  status: RunStatus.catch('UNKNOWN'),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  exitCode: z.number().nullish(),
  error: z.string().nullish(),
  deploymentId: z.string().nullish(),
  /** Milliseconds since 1970. */
  endTime: z.number().nullish(),
});
export type Run = z.infer<typeof Run>;

const Application = z.object({
  id: z.string(),
  fqn: z.string().optional(),
  activeDeploymentId: z.string().nullish(),
  lastDeploymentId: z.string().nullish(),
});
/** What is read of a job application. */
export type Application = z.infer<typeof Application>;

const DeploymentState = z.object({
  currentStatus: z.object({ status: z.string(), transition: z.string().nullish(), message: z.string().nullish() }).nullish(),
});
const LogLine = z.object({ log: z.string(), time: z.union([z.string(), z.number()]) });

const TIMEOUT_MS = 30_000;
const BASE = '/api/svc/v1';

/** The calls of TrueFoundry's control plane that a sandbox makes; their shapes are those of its published SDKs. */
export interface TrueFoundry {
  workspaceId(fqn: string): Promise<string>;
  findApplication(workspaceFqn: string, name: string): Promise<Application | null>;
  applyApplication(manifest: object, workspaceId: string, name: string): Promise<void>;
  deploymentState(applicationId: string, deploymentId: string): Promise<{ readonly status: string; readonly message: string }>;
  trigger(applicationId: string, params: Readonly<Record<string, string>>, alias: string): Promise<string>;
  run(applicationId: string, name: string): Promise<Run | null>;
  runs(applicationId: string): Promise<readonly Run[]>;
  terminate(deploymentId: string, runName: string): Promise<void>;
  /** False while the platform says that it cannot be deleted yet. */
  deleteRun(applicationId: string, name: string): Promise<boolean>;
  /** Lines after a moment (nanoseconds since 1970, as text), in order. */
  logs(applicationId: string, name: string, after: string): Promise<ReadonlyArray<{ readonly text: string; readonly time: string }>>;
}

/** An error of the platform as the sandbox's own. */
export function platformFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  const status = error instanceof AxiosError ? error.response?.status : undefined;
  const body: unknown = error instanceof AxiosError ? error.response?.data : undefined;
  const message = z.object({ message: z.string() }).safeParse(body).data?.message;
  const said = oneLine(message ?? (error instanceof Error ? error.message : String(error)), 300);
  const way =
    status === 401 || status === 403 ? 'is the secret truefoundry-api-key right, and may it deploy there?' : 'run `suture doctor sandbox`';
  return new Failure('sandbox-unavailable', `TrueFoundry did not ${what} (${said}); ${way}`, { cause: error });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof AxiosError ? error.response?.status : undefined;
}

/** A client of one control plane. Without repeats of what writes: whoever calls looks first what there is. */
export function connectTrueFoundry(url: string, token: string): TrueFoundry {
  const http: AxiosInstance = axios.create({
    baseURL: `${url.replace(/\/$/, '')}${BASE}`,
    timeout: TIMEOUT_MS,
    maxRedirects: 0,
    headers: { authorization: `Bearer ${token}` },
    // Brackets in a query are nobody's here; a proxy of the environment is not ours to use either.
    proxy: false,
  });
  const data = async <T>(schema: z.ZodType<T>, call: Promise<{ readonly data: unknown }>): Promise<T> => {
    const parsed = schema.safeParse((await call).data);
    if (parsed.success) return parsed.data;
    throw new Failure(
      'sandbox-unavailable',
      `TrueFoundry answered in a shape that is not known: ${parsed.error.issues[0]?.path.join('.') ?? ''}`,
    );
  };
  const unless = async <T>(statuses: readonly number[], call: Promise<T>): Promise<T | null> => {
    try {
      return await call;
    } catch (error) {
      if (statuses.includes(statusOf(error) ?? 0)) return null;
      throw error;
    }
  };
  const path = (...parts: readonly string[]): string => `/${parts.map(encodeURIComponent).join('/')}`;
  return {
    async workspaceId(fqn) {
      const answer = await data(z.object({ data: z.object({ id: z.string() }) }), http.get(path('fqn', 'workspace'), { params: { fqn } }));
      return answer.data.id;
    },
    async findApplication(workspaceFqn, name) {
      const answer = await data(
        z.object({ data: z.array(Application) }),
        http.get('/apps', { params: { workspaceFqn, applicationName: name, limit: 1 } }),
      );
      return answer.data[0] ?? null;
    },
    async applyApplication(manifest, workspaceId, name) {
      await http.put('/apps', { manifest, workspaceId, name, triggerOnDeploy: false, forceDeploy: false, dryRun: false });
    },
    async deploymentState(applicationId, deploymentId) {
      const answer = await data(z.object({ data: DeploymentState }), http.get(path('apps', applicationId, 'deployments', deploymentId)));
      const state = answer.data.currentStatus;
      return { status: state?.status ?? 'INITIALIZED', message: state?.message ?? '' };
    },
    async trigger(applicationId, params, alias) {
      const answer = await data(
        z.object({ jobRunName: z.string() }),
        http.post('/jobs/trigger', { applicationId, input: { params }, metadata: { job_run_name_alias: alias } }),
      );
      return answer.jobRunName;
    },
    async run(applicationId, name) {
      const answer = await unless([404], data(z.object({ data: Run }), http.get(path('jobs', applicationId, 'runs', name))));
      return answer?.data ?? null;
    },
    async runs(applicationId) {
      const answer = await data(
        z.object({ data: z.array(Run) }),
        http.get(path('jobs', applicationId, 'runs'), { params: { limit: 100, offset: 0 } }),
      );
      return answer.data;
    },
    async terminate(deploymentId, jobRunName) {
      // Over already, or never there: what was wanted.
      await unless([404, 409, 417], http.post('/jobs/terminate', undefined, { params: { deploymentId, jobRunName } }));
    },
    async deleteRun(applicationId, name) {
      const done = await unless(
        [409],
        http.delete(path('jobs', applicationId, 'runs', name)).catch((error: unknown) => {
          if (statusOf(error) === 404) return true;
          throw error;
        }),
      );
      return done !== null;
    },
    async logs(applicationId, jobRunName, after) {
      const answer = await data(
        z.object({ data: z.array(LogLine) }),
        http.get('/logs', {
          params: { applicationId, jobRunName, startTs: after, endTs: `${Date.now() + 60_000}000000`, limit: 5000, direction: 'asc' },
        }),
      );
      return answer.data
        .map(({ log, time }) => ({ text: log, time: String(time) }))
        .filter(({ time }) => BigInt(time) > BigInt(after))
        .sort((a, b) => (BigInt(a.time) < BigInt(b.time) ? -1 : BigInt(a.time) > BigInt(b.time) ? 1 : 0));
    },
  };
}
