import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRepositoryPolicy } from '../../src/config/repository-policy.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import type { RawRequest } from '../../src/integrations/contract.ts';
import { createDatadogSource } from '../../src/integrations/datadog/alert-source.ts';
import { DATADOG_PAYLOAD } from '../../src/integrations/datadog/payload.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { parseReport } from '../../src/reports/index.ts';

const example = (name: string) => fileURLToPath(new URL(`../../examples/auth-service/${name}`, import.meta.url));
/** Nothing of the test's own environment but where programs are. */
const env = (more: Readonly<Record<string, string>> = {}) => ({ PATH: process.env['PATH'] ?? '', PYTHONDONTWRITEBYTECODE: '1', ...more });

let folder: string;
let healthy: string;
let broken: string;
const running: ChildProcess[] = [];

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'suture-example-'));
  [healthy, broken] = [join(folder, 'healthy'), join(folder, 'broken')];
  for (const copy of [healthy, broken])
    await cp(example('repository'), copy, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  const config = await readFile(join(healthy, 'config.yaml'), 'utf8');
  // What pull request 123 of the demo does.
  await writeFile(join(broken, 'config.yaml'), config.replace('scrypt, pbkdf2', 'scrypt'));
});
afterAll(async () => {
  await Promise.all(running.map(end));
  await rm(folder, { recursive: true, force: true });
});

/** Runs the check of the example's own policy file. */
async function runTests(cwd: string) {
  const { checks } = parseRepositoryPolicy(await readFile(join(cwd, '.github', 'suture.yml'), 'utf8'));
  const [check] = checks;
  const [program = '', ...rest] = (check?.run ?? '').split(' ');
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(program, rest, { cwd, env: env() }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
  const tests = parseReport(check?.report ?? 'exit-code', { output })?.tests ?? [];
  return { code, passed: tests.filter(({ status }) => status === 'passed'), failed: tests.filter(({ status }) => status === 'failed') };
}

/** Starts the service and waits until it says that it is up. */
async function serve(cwd: string, port: number): Promise<ChildProcess> {
  const child = spawn('python3', ['-m', 'auth.server'], { cwd, env: env({ PORT: String(port) }), stdio: 'ignore' });
  running.push(child);
  for (;;) {
    if (child.exitCode !== null) throw new Error('the service ended while starting');
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok === true) return child;
    await delay(50);
  }
}

async function post(port: number, path: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

describe("the example's own tests", () => {
  it('pass as they are', async () => {
    const { code, passed, failed } = await runTests(healthy);
    expect(failed).toEqual([]);
    expect(passed).toHaveLength(6);
    expect(code).toBe(0);
  });

  it('fail in exactly two places with the configuration that the demo breaks', async () => {
    const { code, passed, failed } = await runTests(broken);
    expect(new Set(failed.map(({ name }) => name.split('.').at(-1)))).toEqual(new Set(['test_login', 'test_token_validation']));
    expect(failed).toHaveLength(2);
    expect(passed).toHaveLength(4);
    expect(code).toBe(1);
  });
});

describe('the server of the example', () => {
  it('says that it is up, logs in, validates, and refuses', async () => {
    const port = await freePort();
    const service = await serve(healthy, port);
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect({ status: health.status, body: await health.json() }).toEqual({ status: 200, body: { status: 'up' } });
    const login = await post(port, '/api/auth/login', { user: 'user1', password: 'correct-horse-1' });
    expect(login).toEqual({ status: 200, body: { token: expect.any(String) } });
    expect(await post(port, '/api/auth/validate', login.body)).toEqual({ status: 200, body: { user: 'user1' } });
    expect((await post(port, '/api/auth/login', { user: 'user1', password: 'wrong' })).status).toBe(401);
    expect((await post(port, '/nowhere', {})).status).toBe(404);
    await end(service);
  });
});

describe('the stand-in for Datadog', () => {
  const TOKEN = 'a-secret-header';
  const source = createDatadogSource({
    config: { services: { 'auth-service': 'acme/auth-service' }, headerName: 'x-suture-token' },
    stateDir: '',
    secret: () => [TOKEN],
    readArtifact: () => Promise.reject(new Error('not part of this test')),
  });
  let ingress: Server;
  const arrived: Array<{ readonly body: Readonly<Record<string, string>>; readonly signals: readonly Signal[] }> = [];
  async function receive(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const raw: RawRequest = {
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: await buffer(request),
      receivedAt: new Date(),
    };
    const parsed = source.verify(raw).ok ? source.parse(raw) : null;
    arrived.push({ body: JSON.parse(Buffer.from(raw.body).toString()), signals: parsed?.kind === 'signals' ? parsed.signals : [] });
    // Away at first: it has to try again.
    answer.writeHead(arrived.length === 1 ? 503 : 202, { 'content-type': 'application/json' }).end('{}');
  }

  beforeAll(async () => {
    ingress = createServer((request, answer) => void receive(request, answer));
    ingress.listen(0, '127.0.0.1');
    await once(ingress, 'listening');
  });
  afterAll(async () => {
    ingress.closeAllConnections();
    ingress.close();
    await once(ingress, 'close');
  });

  async function deliveries(count: number) {
    while (arrived.length < count) await delay(50);
    return arrived;
  }

  it('posts Triggered while logins fail and Recovered when they do not, in one cycle, as a monitor does', async () => {
    const port = await freePort();
    const bodies = Array.from({ length: 100 }, (_, number) => ({ user: `user${number}`, password: `correct-horse-${number}` }));
    await writeFile(join(folder, 'probe.json'), JSON.stringify(bodies));
    const bad = await serve(broken, port);
    const standIn = spawn(process.execPath, [example('datadog-stand-in.ts')], {
      env: env({
        SERVICE_URL: `http://127.0.0.1:${port}`,
        BODIES_FILE: join(folder, 'probe.json'),
        WEBHOOK_URL: `http://127.0.0.1:${(ingress.address() as AddressInfo).port}/webhooks/datadog`,
        WEBHOOK_TOKEN: TOKEN,
        THRESHOLD: '0.05',
      }),
      stdio: 'ignore',
    });
    running.push(standIn);
    await deliveries(2);
    await end(bad);
    await serve(healthy, port);
    const [away, triggered, recovered] = await deliveries(3);
    await end(standIn);

    // The repeat is the same delivery, so it counts once.
    expect(triggered?.body).toEqual(away?.body);
    expect(triggered?.signals).toEqual(away?.signals);
    expect(Object.keys(triggered?.body ?? {}).sort()).toEqual(Object.keys(DATADOG_PAYLOAD).sort());
    expect(triggered?.body).toMatchObject({
      alert_transition: 'Triggered',
      alert_scope: 'env:production',
      tags: 'env:production,service:auth-service',
    });
    expect(recovered?.body).toMatchObject({ alert_transition: 'Recovered', alert_cycle_key: triggered?.body['alert_cycle_key'] });
    const common = {
      source: 'datadog',
      repo: { owner: 'acme', name: 'auth-service' },
      service: 'auth-service',
      subject: 'monitor/4711:env:production',
    };
    expect(triggered?.signals).toMatchObject([
      { ...common, kind: 'alert-triggered', summary: expect.stringMatching(/^Authentication errors at 76\.0 %/) },
    ]);
    expect(recovered?.signals).toMatchObject([{ ...common, kind: 'alert-recovered' }]);
    expect(recovered?.signals[0]?.id).not.toBe(triggered?.signals[0]?.id);
    expect(arrived).toHaveLength(3);
  });
});
