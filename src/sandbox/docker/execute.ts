import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from 'dockerode';
import type { BoxProgram, Execution } from '../box.ts';
import { STEP_USER } from './container.ts';
import { unlessStatus } from './engine.ts';
import { demultiplex } from './frames.ts';

const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 250;

/** Whether a container is still there and runs. */
export async function isRunning(container: Container): Promise<boolean> {
  return (await unlessStatus([404], container.inspect()))?.State.Running === true;
}

/** Starts a command as the user of steps. Throws errors of the engine. */
export async function execute(
  container: Container,
  { text, args, env, stdin }: Omit<BoxProgram, 'limited'>,
  take: (from: 'out' | 'error', bytes: Buffer) => void | Promise<void>,
): Promise<Execution> {
  const exec = await container.exec({
    Cmd: ['/bin/sh', '-c', text, 'suture', ...args],
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    User: STEP_USER,
    WorkingDir: '/workspace',
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
  });
  const stream = await exec.start({ hijack: true, stdin: stdin });
  stream.on('error', () => undefined);
  const drained = demultiplex(stream, take);
  return {
    input: stream,
    drained,
    async exited() {
      for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LONGEST_LOOK_MS)) {
        const facts = await unlessStatus([404, 409], exec.inspect());
        if (facts === null) return null;
        if (!facts.Running && facts.ExitCode !== null) return facts.ExitCode;
        // Neither running nor ended: it is about to begin, or it never will because the container is gone.
        if (!facts.Running && !(await isRunning(container))) return null;
        // Its output mostly ends when it does; after that the engine knows the code within a moment.
        await Promise.race([drained.then(() => delay(FIRST_LOOK_MS)), delay(wait)]);
      }
    },
    close: () => stream.destroy(),
  };
}
