import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { providedTemporal } from '../support/temporal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const script = fileURLToPath(new URL('../../src/ingress.ts', import.meta.url));
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** A front door as a process of its own. */
function start(stateDir: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [script], {
    env: { SUTURE_STATE_DIR: stateDir, SUTURE_INGRESS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const stdout: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => stdout.push(line));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    ended,
    stdout,
    stderr: () => stderr,
    /** Its address, once it listens. */
    async url(): Promise<string> {
      const first = stdout[0] ?? (await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended.then(() => '')]));
      if (first === '') throw new Error(stderr);
      return (JSON.parse(first) as { listening: string }).listening;
    },
  };
}

const nowhere = async () => ({ SUTURE_TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` });

function reportTo(url: string, stateDir: string, repository: string, key = 'ticket-7'): Promise<Response> {
  return fetch(`${url}/webhooks/manual`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${readFileSync(join(stateDir, 'secrets', 'manual-token'), 'utf8')}`,
    },
    body: JSON.stringify({ repository, subject: 'branch/main', summary: 'tests are red', check: 'tests', idempotencyKey: key }),
  });
}

describe('the ingress as a process', () => {
  it('stores concurrent repeats as one healing with no worker, keeps an audit entry, and ends in order', async () => {
    const temporal = providedTemporal();
    const stateDir = temporaryFolder();
    const name = `ingress-${randomBytes(4).toString('hex')}`;
    const ingress = start(stateDir, {
      SUTURE_TEMPORAL_ADDRESS: temporal.address,
      SUTURE_TEMPORAL_NAMESPACE: temporal.namespace,
      SUTURE_TEMPORAL_TASK_QUEUE: name,
    });
    const url = await ingress.url();
    expect(JSON.parse(readFileSync(join(stateDir, 'run', 'ingress.json'), 'utf8'))).toEqual({ pid: ingress.child.pid, url });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

    const answers = await Promise.all(Array.from({ length: 40 }, () => reportTo(url, stateDir, `acme/${name}`)));
    const said = await Promise.all(answers.map((answer) => answer.json()));
    const healing = `heal/acme/${name}/branch/main`;
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    for (const each of said) expect(each).toEqual({ accepted: ['manual:ticket-7'], healings: [healing] });

    const connection = await Connection.connect({ address: temporal.address });
    const handle = new Client({ connection, namespace: temporal.namespace }).workflow.getHandle(healing);
    const { events } = await handle.fetchHistory();
    await handle.terminate('test');
    await connection.close();
    // One start and forty signals: the workflow drops the repeats by their id.
    expect(events?.filter((event) => event.workflowExecutionStartedEventAttributes)).toHaveLength(1);
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(40);

    ingress.child.kill('SIGTERM');
    expect(await ingress.ended).toBe(0);
    expect(existsSync(join(stateDir, 'run', 'ingress.json'))).toBe(false);
    expect(ingress.stdout).toEqual([JSON.stringify({ listening: url })]);
    const audit = readFileSync(join(stateDir, 'audit', 'trail.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(audit.filter((line) => line.includes('signal-received'))).toHaveLength(1);
    for (const line of ingress.stderr().trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ name: 'ingress' });
  });

  it('opens and says so while Temporal is away, and asks senders to come again', async () => {
    const stateDir = temporaryFolder();
    const ingress = start(stateDir, await nowhere());
    const url = await ingress.url();
    const [health, ready, answer] = await Promise.all([
      fetch(`${url}/healthz`),
      fetch(`${url}/readyz`),
      reportTo(url, stateDir, 'acme/auth'),
    ]);
    expect([health.status, ready.status, answer.status, answer.headers.get('retry-after')]).toEqual([200, 503, 503, '5']);
    ingress.child.kill('SIGINT');
    expect(await ingress.ended).toBe(0);
  });

  it('answers what is under way before it ends', async () => {
    const stateDir = temporaryFolder();
    const ingress = start(stateDir, await nowhere());
    const url = new URL(await ingress.url());
    const socket = connect(Number(url.port), url.hostname);
    let said = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
    socket.write(
      'POST /webhooks/manual HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n',
    );
    // The interim answer says that the request has reached the handler.
    await expect.poll(() => said).toContain('100 Continue');
    ingress.child.kill('SIGTERM');
    await expect.poll(() => ingress.stderr()).toContain('"stopping"');
    socket.write('{}');
    expect(await ingress.ended).toBe(0);
    expect(said).toContain('HTTP/1.1 401 ');
  });

  it('ends within its grace time when a sender does not finish', async () => {
    const ingress = start(temporaryFolder(), await nowhere());
    const url = new URL(await ingress.url());
    const socket = connect(Number(url.port), url.hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      'POST /webhooks/manual HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n',
    );
    await once(socket, 'data');
    ingress.child.kill('SIGTERM');
    expect(await ingress.ended).toBe(0);
  });

  it('names the setting when its port is taken', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const ingress = start(temporaryFolder(), { ...(await nowhere()), SUTURE_INGRESS_PORT: String(port) });
    const code = await ingress.ended;
    other.close();
    const message = `port ${port} for the ingress is taken; stop what listens there, or set SUTURE_INGRESS_PORT (0 picks a free one)`;
    expect(ingress.stderr().trim()).toBe(message);
    // Whoever started it and waits for its first line is handed the same.
    expect([code, ingress.stdout.map((line) => JSON.parse(line) as unknown)]).toEqual([
      6,
      [{ failed: { code: 'configuration-invalid', message } }],
    ]);
  });

  it('does not start with a wrong configuration or a secret that others can read', async () => {
    const stateDir = temporaryFolder();
    writeFileSync(join(stateDir, 'config.yml'), 'ingres: {}\n');
    const first = start(stateDir, { ...(await nowhere()), SUTURE_LOG_LEVEL: 'loud' });
    expect(await first.ended).toBe(6);
    expect(first.stderr()).toMatch(/config\.yml:1: ingres: unknown key; did you mean `ingress`\?[^]*SUTURE_LOG_LEVEL: /);
    const open = join(stateDir, 'token');
    writeFileSync(open, 'a-token-that-all-can-read', { mode: 0o644 });
    writeFileSync(join(stateDir, 'config.yml'), '');
    const second = start(stateDir, { ...(await nowhere()), SUTURE_SECRET_MANUAL_TOKEN_FILE: open });
    expect(await second.ended).toBe(6);
    expect(second.stderr()).toContain(`chmod 600 ${open}`);
  });
});
