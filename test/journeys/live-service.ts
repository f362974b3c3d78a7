import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../src/lib/free-port.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/auth-service/repository', import.meta.url));

/** Files that a commit changed against the example; what it does not name is as the example has it. */
export type Changed = Readonly<Record<string, string>>;

/** Writes the example service as a commit has it into a folder of its own. */
async function checkOut(files: Changed): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'suture-live-'));
  await cp(EXAMPLE, folder, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content);
  return folder;
}

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  PYTHONDONTWRITEBYTECODE: '1',
  ...more,
});

/** Runs the service's own tests on a commit, for real. */
export async function runTests(files: Changed): Promise<{ readonly green: boolean; readonly log: string }> {
  const folder = await checkOut(files);
  try {
    const { stderr } = await promisify(execFile)('python3', ['-m', 'unittest', '-v'], { cwd: folder, env: environment() });
    return { green: true, log: stderr };
  } catch (error) {
    return { green: false, log: String((error as { readonly stderr?: string }).stderr ?? error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The example service as it runs in production: one process at a time, replaced by each deployment. */
export class LiveService {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  #process: ChildProcess | null = null;
  #folder: string | null = null;
  #port = 0;
  #asked = 0;

  /** Replaces what runs; the old one takes logins until the new one is up. */
  async deploy(files: Changed): Promise<void> {
    const folder = await checkOut(files);
    const port = await freePort();
    const child = spawn('python3', ['-m', 'auth.server'], {
      cwd: folder,
      env: environment({ PORT: String(port), PRODUCTION: '1' }),
      stdio: 'ignore',
    });
    for (let tries = 0; (await this.#login(port, 499)) === null; tries++) {
      if (child.exitCode !== null || tries > 200) throw new Error('the service did not start');
      await pause(25);
    }
    const [before, left] = [this.#process, this.#folder];
    [this.#process, this.#folder, this.#port] = [child, folder, port];
    await end(before);
    if (left !== null) await rm(left, { recursive: true, force: true });
  }

  /** Logs `count` users in, as their clients do; old accounts are among them as often as in the table. */
  async traffic(count: number): Promise<{ readonly requests: number; readonly errors: number }> {
    const port = this.#port;
    if (port === 0) return { requests: 0, errors: 0 };
    const users = Array.from({ length: count }, () => (this.#asked++ * 7) % 500);
    const answers = (await Promise.all(users.map((user) => this.#login(port, user)))).filter((status) => status !== null);
    return { requests: answers.length, errors: answers.filter((status) => status !== 200).length };
  }

  #login(port: number, user: number): Promise<number | null> {
    const body = JSON.stringify({ user: `user${user}`, password: `correct-horse-${user}` });
    return new Promise((resolve) => {
      const call = request(
        {
          host: '127.0.0.1',
          port,
          path: '/api/auth/login',
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? null));
          response.on('error', () => resolve(null));
        },
      );
      call.on('error', () => resolve(null));
      call.end(body);
    });
  }

  async stop(): Promise<void> {
    this.#port = 0;
    this.#agent.destroy();
    await end(this.#process);
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
