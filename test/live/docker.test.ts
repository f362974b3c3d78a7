import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createDockerSandbox } from '../../src/sandbox/docker/index.ts';
import { ownerOf } from '../../src/sandbox/owner.ts';
import { describeSandboxContract } from '../sandbox/contract-suite.ts';
import { jobOf } from '../sandbox/support.ts';

/** Socket of an engine to try; the default is Docker's own. */
const socketPath = process.env['SUTURE_TEST_DOCKER_SOCKET'] ?? '/var/run/docker.sock';
const env = { ...process.env, DOCKER_HOST: `unix://${socketPath}` };

function whyNot(): string | null {
  if (!existsSync(socketPath)) return `no container engine at ${socketPath}; set SUTURE_TEST_DOCKER_SOCKET`;
  try {
    execFileSync('docker', ['version'], { env, stdio: 'ignore', timeout: 10_000 });
    return null;
  } catch {
    return `no container engine answers at ${socketPath}, or its client \`docker\` is missing`;
  }
}

const missing = whyNot();
if (missing !== null) process.stdout.write(`skipped: the docker sandbox: ${missing}\n`);
const stateDir = mkdtempSync(join(tmpdir(), 'suture-docker-'));
const image =
  missing === null ? execFileSync('sh', [join(import.meta.dirname, 'image.sh')], { env, encoding: 'utf8', timeout: 120_000 }).trim() : '';
const docker = (...args: readonly string[]): string => execFileSync('docker', [...args], { env, encoding: 'utf8' }).trim();
afterAll(() => {
  rmSync(stateDir, { recursive: true, force: true });
  if (image !== '') docker('image', 'rm', '--force', image);
});

describe.skipIf(missing !== null)(`a container engine${missing === null ? '' : `: ${missing}`}`, () => {
  const create = () => createDockerSandbox({ stateDir, docker: { socketPath, image } });
  describeSandboxContract('docker', create, 'engine');

  it('finds the programs that the PATH of the image leads to', async () => {
    expect((await create().run(jobOf(['tool-of-the-image']))).steps[0]?.output).toBe('found\n');
  });

  it('says of an engine before 24 what it lacks', async () => {
    const version = docker('version', '--format', '{{.Server.Version}}');
    const engine = (await create().preflight()).findings.find(({ name }) => name === 'engine');
    expect(engine?.detail.startsWith(version)).toBe(true);
    expect(engine?.detail.includes('take 24 or later')).toBe(Number.parseInt(version, 10) < 24);
  });

  it('is unavailable when the image of one profile is not at the engine', async () => {
    const images = { go: `sha256:${'0'.repeat(64)}` };
    const health = await createDockerSandbox({ stateDir, docker: { socketPath, image, images } }).preflight();
    expect(health).toMatchObject({
      available: false,
      findings: expect.arrayContaining([{ name: 'image', ok: false, detail: expect.stringContaining(images.go) }]),
    });
  });

  it('leaves no container behind', () => {
    expect(docker('ps', '--all', '--quiet', '--filter', 'label=suture.job')).toBe('');
  });

  it('runs a job again that an earlier service left running, and never beside it', async () => {
    const job = jobOf(['sleep 600']);
    const first = create().run({ ...job, limits: { ...job.limits, wallClockMs: 20_000 } });
    const started = async (): Promise<void> => {
      while (docker('ps', '--quiet', '--filter', `label=suture.job=${job.name}`) === '') await new Promise((next) => setTimeout(next, 50));
    };
    await started();
    const again = await create().run({ ...jobOf(['echo done']), name: job.name });
    expect(again.steps[0]?.output).toBe('done\n');
    const ended = await first;
    expect(ended.steps[0]).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  it('sweeps containers whose service is gone, and no others', async () => {
    const other = docker(
      'run',
      '--detach',
      '--network',
      'none',
      '--label',
      'suture.owner=somebody',
      '--label',
      'suture.marker=suture-sandbox.1.1',
      image,
      'sleep',
      '600',
    );
    const sandbox = create();
    expect(await sandbox.sweep()).toBe(0);
    docker('rm', '--force', other);
  });

  /** Labels of a container of this installation whose service is gone. */
  const labelsOf = (machine: string): readonly string[] =>
    Object.entries({
      'suture.owner': ownerOf(stateDir).installation,
      'suture.machine': machine,
      'suture.marker': 'suture-sandbox.1.1',
    }).flatMap(([name, value]) => ['--label', `${name}=${value}`]);

  it('sweeps what a service that is gone left, begun or not', async () => {
    const labelled = labelsOf(ownerOf(stateDir).machine);
    const begun = docker('run', '--detach', '--network', 'none', ...labelled, image, 'sleep', '600');
    const never = docker('create', '--network', 'none', ...labelled, image, 'sleep', '600');
    expect(await create().sweep()).toBe(2);
    for (const id of [begun, never]) expect(docker('ps', '--all', '--quiet', '--filter', `id=${id}`)).toBe('');
  });

  it('sweeps what is left behind however many newer ones another machine has', async () => {
    const { installation, machine } = ownerOf(stateDir);
    const ours = docker('create', '--network', 'none', ...labelsOf(machine), image, 'sleep', '600');
    const others = Array.from({ length: 60 }, () => docker('create', '--network', 'none', ...labelsOf('another'), image, 'sleep', '600'));
    expect(await create().sweep()).toBe(1);
    const listed = docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `label=suture.owner=${installation}`).split('\n');
    expect(listed).not.toContain(ours);
    expect(listed.toSorted()).toEqual(others.toSorted());
    docker('rm', '--force', ...others);
  });

  it('takes away with its next sweep what it could not while the engine did not answer', async () => {
    const between = join(stateDir, 'between.sock');
    const open = new Set<Socket>();
    const server = createServer((client) => {
      const engine = connect(socketPath);
      for (const socket of [client, engine]) {
        open.add(socket);
        socket.on('error', () => undefined).on('close', () => open.delete(socket));
      }
      client.pipe(engine).pipe(client);
    });
    const listen = (): Promise<void> => new Promise((done) => void server.listen(between, done));
    await listen();
    const sandbox = createDockerSandbox({ stateDir, docker: { socketPath: between, image } });
    const job = jobOf(['sleep 600']);
    const there = (): string => docker('ps', '--quiet', '--filter', `label=suture.job=${job.name}`);
    const ended = sandbox.run(job).then(
      ({ steps }) => steps[0]?.exitCode,
      (error: unknown) => error,
    );
    await vi.waitFor(() => expect(there()).not.toBe(''), { timeout: 20_000, interval: 50 });
    server.close();
    for (const socket of open) socket.destroy();
    expect(await ended).not.toBe(0);
    expect(there()).not.toBe('');
    await listen();
    expect(await sandbox.sweep()).toBe(1);
    expect(there()).toBe('');
    server.close();
    for (const socket of open) socket.destroy();
  });

  it('is unavailable without the image, and says what to do', async () => {
    const absent = createDockerSandbox({ stateDir, docker: { socketPath, image: `sha256:${'0'.repeat(64)}` } });
    await expect(absent.run(jobOf(['true']))).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringContaining('pull it'),
    });
  });
});

describe('a container engine that is not there', () => {
  it('is unavailable and says where it was looked for', async () => {
    const sandbox = createDockerSandbox({
      stateDir,
      docker: { socketPath: join(stateDir, 'none.sock'), image: `sha256:${'0'.repeat(64)}` },
    });
    expect(await sandbox.preflight()).toMatchObject({ available: false, isolation: 'none' });
    await expect(sandbox.run(jobOf(['true']))).rejects.toMatchObject({
      code: 'sandbox-unavailable',
      message: expect.stringContaining('sandbox.docker.socketPath'),
    });
  });
});
