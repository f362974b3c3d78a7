import { Failure } from '../../src/domain/failure.ts';
import { createDockerSandbox, type DockerOptions } from '../../src/sandbox/docker/index.ts';
import { createLocalSandbox } from '../../src/sandbox/local/index.ts';
import { jobOf } from './support.ts';

/** A service that runs numbered jobs and prints one line of JSON for each: `node storm-service.ts <settings> <token> <numbers...>`. */
const [settings = '{}', token = '', ...numbers] = process.argv.slice(2);
const { stateDir, docker, atOnce } = JSON.parse(settings) as { stateDir: string; docker?: DockerOptions; atOnce: number };

const sandbox =
  docker === undefined
    ? createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' })
    : createDockerSandbox({ stateDir, docker });
await sandbox.sweep();
const waiting = [...numbers];

async function work(): Promise<void> {
  for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
    // Some leave a daemon, some fail, all write to their workspace and say what they read back.
    const script = `echo ${number} > mine; (setsid sleep ${token} &) >/dev/null 2>&1; cat mine; exit $((${number} % 3))`;
    let said: { exitCode: number | null; output: string } = { exitCode: null, output: '' };
    try {
      const { steps } = await sandbox.run({ ...jobOf([script]), name: `storm-${number}` });
      said = { exitCode: steps[0]?.exitCode ?? null, output: steps[0]?.output ?? '' };
    } catch (error) {
      // Ended while it started, or without its engine: it is run again, like one that was ended later.
      if (!(error instanceof Failure)) throw error;
    }
    process.stdout.write(`${JSON.stringify({ number, ...said })}\n`);
  }
}

await Promise.all(Array.from({ length: atOnce }, work));
