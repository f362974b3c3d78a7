import { Failure } from '../../../src/domain/failure.ts';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { jobOf } from '../support.ts';

/** A service that runs numbered jobs and prints one line of JSON for each: `node storm-service.ts <state folder> <token> <numbers...>`. */
const [stateDir = '', token = '', ...numbers] = process.argv.slice(2);
const AT_ONCE = 6;

const sandbox = createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' });
await sandbox.sweep();
const waiting = [...numbers];

async function work(): Promise<void> {
  for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
    // Some leave a daemon, some fail, all write to their workspace and say what they read back.
    const script = `echo ${number} > mine; (setsid sleep ${token} &) >/dev/null 2>&1; cat mine; exit $((${number} % 3))`;
    try {
      const { steps } = await sandbox.run({ ...jobOf([script]), name: `storm-${number}` });
      process.stdout.write(`${JSON.stringify({ number, exitCode: steps[0]?.exitCode ?? null, output: steps[0]?.output ?? '' })}\n`);
    } catch (error) {
      // Ended while it started: it is run again, like one that was ended later.
      if (!(error instanceof Failure)) throw error;
    }
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
