import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** A stand-in for TrueFoundry's control plane on loopback: it keeps applications and runs, enforces the shapes of the wire, and really runs what is triggered. */
export interface TrueFoundryStandIn {
  readonly url: string;
  /** What goes wrong from now on. */
  readonly faults: Faults;
  /** Calls so far, as `METHOD /path`. */
  readonly calls: readonly string[];
  /** Manifests that were applied. */
  readonly manifests: readonly object[];
  runs(): ReadonlyArray<{ readonly name: string; readonly status: string; readonly command: string }>;
  close(): Promise<void>;
}

/** Faults; each counts down where it is a number. */
export interface Faults {
  /** Triggers that take effect and whose answer is lost. */
  loseTriggers: number;
  /** Applied applications whose answer is lost. */
  loseApplies: number;
  /** Runs that stay in CREATED. */
  stuck: number;
  /** Looks at a run that are answered with UNKNOWN. */
  unknown: number;
  /** Looks at a run that are answered with a server error. */
  errors: number;
  /** Deletions that are answered with 409. */
  busy: number;
  /** Log lines come so many milliseconds late. */
  logLagMs: number;
  /** The application is never deployed. */
  failDeploys: number;
  /** Runs that end without a word, as when the platform kills them for their memory. */
  vanish: number;
}

export const STAND_IN_TOKEN = 'tfy-stand-in-token-0000';
const WORKSPACE = 'cluster-1:sandbox';

const Resources = z.strictObject({
  cpu_request: z.number().min(0.001).max(256),
  cpu_limit: z.number().min(0.001).max(256),
  memory_request: z.number().int().min(1),
  memory_limit: z.number().int().min(1),
  ephemeral_storage_request: z.number().int().min(1),
  ephemeral_storage_limit: z.number().int().min(1),
});
const Manifest = z.strictObject({
  type: z.literal('job'),
  name: z.string().regex(/^[a-z](?:[a-z0-9]|-(?!-)){1,30}[a-z0-9]$/),
  workspace_fqn: z.literal(WORKSPACE),
  image: z.strictObject({ type: z.literal('image'), image_uri: z.string(), command: z.array(z.string()) }),
  trigger: z.strictObject({ type: z.literal('manual') }),
  trigger_on_deploy: z.literal(false),
  params: z.array(z.strictObject({ name: z.string(), param_type: z.literal('string'), default: z.string() })),
  resources: Resources,
  retries: z.literal(0),
  timeout: z.number().int().max(600),
  concurrency_limit: z.number().int(),
  labels: z.record(z.string(), z.string()),
});
const Apply = z.strictObject({
  manifest: Manifest,
  workspaceId: z.string(),
  name: z.string(),
  triggerOnDeploy: z.boolean(),
  forceDeploy: z.boolean(),
  dryRun: z.boolean(),
});
const Trigger = z.strictObject({
  applicationId: z.string(),
  input: z.strictObject({ params: z.record(z.string(), z.string().max(200)) }),
  metadata: z.strictObject({ job_run_name_alias: z.string().max(40) }),
});

interface StandInRun {
  readonly name: string;
  readonly command: string;
  status: string;
  exitCode: number | null;
  endTime: number | null;
  child: ChildProcess | null;
  readonly logs: Array<{ readonly log: string; readonly at: number; readonly time: string }>;
}

/** Absolute path of a program, so that it is found with an empty environment. */
function findOnPath(name: string): string {
  const found = (process.env['PATH'] ?? '').split(':').find((folder) => existsSync(`${folder}/${name}`));
  return `${found ?? '/usr/bin'}/${name}`;
}

/** A place of its own for a run: this machine's programs, folders in memory, the network of the host so that the exchange is reached. */
function startRun(command: readonly string[]): ChildProcess {
  const memory = ['/workspace', '/deps', '/home/sandbox', '/tmp'].flatMap((path) => ['--size', String(96 * 1024 ** 2), '--tmpfs', path]);
  const system = ['/bin', '/sbin', '/lib', '/lib64'].flatMap((path) =>
    !existsSync(path) ? [] : lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path],
  );
  return spawn(
    findOnPath('bwrap'),
    [
      ['--ro-bind', '/usr', '/usr', '--ro-bind', '/etc', '/etc', ...system, '--dev', '/dev', '--proc', '/proc', ...memory],
      ['--ro-bind', process.execPath, '/opt/node/bin/node', '--setenv', 'PATH', '/opt/node/bin:/usr/local/bin:/usr/bin:/bin'],
      ['--unshare-pid', '--die-with-parent', '--chdir', '/workspace', ...command],
    ].flat(),
    { stdio: ['ignore', 'pipe', 'pipe'], env: {} },
  );
}

/** Opens the stand-in. */
export async function openTrueFoundry(): Promise<TrueFoundryStandIn> {
  const faults: Faults = {
    loseTriggers: 0,
    loseApplies: 0,
    stuck: 0,
    unknown: 0,
    errors: 0,
    busy: 0,
    logLagMs: 0,
    failDeploys: 0,
    vanish: 0,
  };
  const calls: string[] = [];
  const manifests: object[] = [];
  let application: { id: string; name: string; manifest: z.infer<typeof Manifest>; deployments: number } | null = null;
  const runs = new Map<string, StandInRun>();
  let clock = 0n;

  const take = (fault: keyof Faults): boolean => {
    if (faults[fault] <= 0) return false;
    faults[fault] -= 1;
    return true;
  };
  class Refusal extends Error {
    readonly status: number;
    constructor(status: number, message: string) {
      super(message);
      this.status = status;
    }
  }
  class Lost extends Error {}
  const parsed = <T>(schema: z.ZodType<T>, value: unknown): T => {
    const result = schema.safeParse(value);
    if (!result.success) throw new Refusal(422, `${result.error.issues[0]?.path.join('.')}: ${result.error.issues[0]?.message}`);
    return result.data;
  };
  const over = (status: string): boolean => ['FINISHED', 'FAILED', 'TERMINATED'].includes(status);

  function begin(run: StandInRun, command: readonly string[]): void {
    run.status = 'SCHEDULED';
    setTimeout(() => {
      if (run.status !== 'SCHEDULED') return;
      run.status = 'RUNNING';
      const child = startRun(take('vanish') ? ['/bin/sh', '-c', 'exit 137'] : command);
      run.child = child;
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (part: Buffer) => {
          for (const line of part
            .toString()
            .split('\n')
            .filter((text) => text !== '')) {
            clock += 1n;
            if (run.logs.length < 10_000)
              run.logs.push({ log: line, at: Date.now(), time: String(BigInt(Date.now()) * 1_000_000n + (clock % 1_000_000n)) });
          }
        });
      child.on('exit', (code) => {
        run.child = null;
        run.exitCode = code;
        run.endTime = Date.now();
        run.status = run.status.startsWith('TERMINAT') ? 'TERMINATED' : code === 0 ? 'FINISHED' : 'FAILED';
      });
    }, 20);
  }

  function answer(method: string, url: URL, body: unknown): unknown {
    const path = url.pathname.replace('/api/svc/v1', '');
    const query = Object.fromEntries(url.searchParams);
    const runOf = (id: string, name: string): StandInRun => {
      const run = application?.id === id ? runs.get(name) : undefined;
      if (run === undefined) throw new Refusal(404, 'no such run');
      return run;
    };
    const shown = ({ name, command, status, exitCode, endTime }: StandInRun) => ({
      id: name,
      name,
      applicationName: application?.name,
      deploymentVersion: String(application?.deployments),
      createdAt: Date.now(),
      command,
      totalRetries: 0,
      status,
      ...(exitCode === null ? {} : { exitCode }),
      ...(endTime === null ? {} : { endTime }),
      applicationId: application?.id,
    });
    if (method === 'GET' && path === '/fqn/workspace') {
      if (query['fqn'] !== WORKSPACE) throw new Refusal(404, `no workspace ${query['fqn']}`);
      return { data: { id: 'workspace-1' } };
    }
    if (method === 'GET' && path === '/apps') {
      parsed(z.strictObject({ workspaceFqn: z.literal(WORKSPACE), applicationName: z.string(), limit: z.string() }), query);
      const found = application !== null && application.name === query['applicationName'];
      const deployment = found ? `deployment-${application?.deployments}` : undefined;
      return {
        data: found
          ? [
              {
                id: application?.id,
                fqn: `${WORKSPACE}:${application?.name}`,
                activeDeploymentId: deployment,
                lastDeploymentId: deployment,
              },
            ]
          : [],
        pagination: { total: found ? 1 : 0 },
      };
    }
    if (method === 'PUT' && path === '/apps') {
      const { manifest, name, workspaceId } = parsed(Apply, body);
      if (workspaceId !== 'workspace-1' || name !== manifest.name) throw new Refusal(400, 'the workspace or the name is another one');
      manifests.push(manifest);
      application = { id: application?.id ?? `app-${randomUUID()}`, name, manifest, deployments: (application?.deployments ?? 0) + 1 };
      if (take('loseApplies')) throw new Lost();
      return { data: { id: `deployment-${application.deployments}`, version: application.deployments } };
    }
    const deployment = /^\/apps\/([^/]+)\/deployments\/([^/]+)$/.exec(path);
    if (method === 'GET' && deployment !== null) {
      if (deployment[1] !== application?.id) throw new Refusal(404, 'no such application');
      return {
        data: {
          currentStatus: take('failDeploys')
            ? { status: 'DEPLOY_FAILED', transition: '', message: 'no nodes' }
            : { status: 'DEPLOY_SUCCESS', transition: '' },
        },
      };
    }
    if (method === 'POST' && path === '/jobs/trigger') {
      const { applicationId, input } = parsed(Trigger, body);
      if (application?.id !== applicationId) throw new Refusal(404, 'no such application');
      const known = application.manifest.params.map(({ name }) => name);
      const odd = Object.keys(input.params).find((name) => !known.includes(name));
      if (odd !== undefined) throw new Refusal(400, `the job has no param ${odd}`);
      const command = application.manifest.image.command.map((word) =>
        word.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => input.params[name] ?? ''),
      );
      const name = `${application.name}-run-${runs.size + 1}`;
      const run: StandInRun = {
        name,
        command: command.slice(-2).join(' '),
        status: 'CREATED',
        exitCode: null,
        endTime: null,
        child: null,
        logs: [],
      };
      runs.set(name, run);
      if (!take('stuck')) begin(run, command);
      if (take('loseTriggers')) throw new Lost();
      return { message: 'triggered', jobRunName: name, data: shown(run) };
    }
    if (method === 'POST' && path === '/jobs/terminate') {
      if (body !== undefined) throw new Refusal(400, 'no body is taken');
      const { jobRunName } = parsed(z.strictObject({ deploymentId: z.string(), jobRunName: z.string() }), query);
      const run = runs.get(jobRunName);
      if (run === undefined) throw new Refusal(404, 'no such run');
      if (over(run.status)) throw new Refusal(417, 'the run is over');
      run.status = run.child === null ? 'TERMINATED' : 'TERMINATING';
      run.child?.kill('SIGKILL');
      return { message: 'terminating' };
    }
    const list = /^\/jobs\/([^/]+)\/runs$/.exec(path);
    if (method === 'GET' && list !== null) {
      if (list[1] !== application?.id) throw new Refusal(404, 'no such application');
      return { data: [...runs.values()].reverse().map(shown), pagination: { total: runs.size } };
    }
    const one = /^\/jobs\/([^/]+)\/runs\/([^/]+)$/.exec(path);
    if (method === 'GET' && one !== null) {
      if (take('errors')) throw new Refusal(503, 'try later');
      const run = runOf(one[1] ?? '', one[2] ?? '');
      return { data: take('unknown') ? { ...shown(run), status: 'UNKNOWN' } : shown(run) };
    }
    if (method === 'DELETE' && one !== null) {
      const run = runOf(one[1] ?? '', one[2] ?? '');
      if (!over(run.status) || take('busy')) throw new Refusal(409, 'the run is not over');
      runs.delete(run.name);
      return {};
    }
    if (method === 'GET' && path === '/logs') {
      const wanted = parsed(
        z.strictObject({
          applicationId: z.string(),
          jobRunName: z.string(),
          startTs: z.string().regex(/^\d+$/),
          endTs: z.string().regex(/^\d{19}$/),
          limit: z.string(),
          direction: z.enum(['asc', 'desc']),
        }),
        query,
      );
      const run = runOf(wanted.applicationId, wanted.jobRunName);
      const lines = run.logs.filter(({ at, time }) => at + faults.logLagMs <= Date.now() && BigInt(time) >= BigInt(wanted.startTs));
      // The platform promises no order within a page.
      return { data: lines.map(({ log, time }) => ({ log, time, stream: 'stdout', containerName: 'job' })).reverse() };
    }
    throw new Refusal(404, `${method} ${path} is not known here`);
  }

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const serve = async (): Promise<void> => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      const url = new URL(request.url ?? '', 'http://stand-in');
      calls.push(`${request.method} ${url.pathname}`);
      response.setHeader('content-type', 'application/json');
      try {
        if (request.headers.authorization !== `Bearer ${STAND_IN_TOKEN}`) throw new Refusal(401, 'the token is not known');
        response.end(JSON.stringify(answer(request.method ?? '', url, text === '' ? undefined : JSON.parse(text))));
      } catch (error) {
        if (error instanceof Lost) {
          request.socket.destroy();
          return;
        }
        response.statusCode = error instanceof Refusal ? error.status : 500;
        response.end(JSON.stringify({ statusCode: response.statusCode, message: error instanceof Error ? error.message : String(error) }));
      }
    };
    serve().catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    calls,
    manifests,
    runs: () => [...runs.values()].map(({ name, status, command }) => ({ name, status, command })),
    async close() {
      for (const { child } of runs.values()) child?.kill('SIGKILL');
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
