import { Command, CommanderError } from 'commander';
import { Failure } from '../domain/failure.ts';
import { demo } from './commands/demo.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { createOutput, plain } from './output.ts';

/** Root of the command line. */
const program = new Command('suture').description('Heals repositories and the services that run from them.').exitOverride().showHelpAfterError();
let code: number = EXIT_CODES.ok.code;
const output = (options: { readonly json?: boolean }) => createOutput({ json: options.json ?? false, env: process.env });

program
  .command('demo')
  .description('break a small real service and heal it, end to end')
  .option('--keep', 'leave everything running', false)
  .option('--approve', 'wait for a person to approve the fix', false)
  .option('--json', 'print the result as JSON', false)
  .action(async (options: { keep: boolean; approve: boolean; json: boolean }) => {
    code = await demo(options, output(options));
  });

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) code = error.exitCode === 0 ? 0 : EXIT_CODES.usage.code;
  else if (error instanceof Failure) {
    process.stderr.write(`${plain(error.message)}\n`);
    code = error.code === 'bug' ? EXIT_CODES.bug.code : error.code === 'repository-gone' ? EXIT_CODES.notFound.code : EXIT_CODES.environment.code;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    code = EXIT_CODES.bug.code;
  }
}
process.exit(code);
