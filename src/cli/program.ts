import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { Failure } from '../domain/failure.ts';
import { seccompProfile } from '../sandbox/seccomp-profile.ts';
import { agent } from './commands/agent.ts';
import { auditShow, auditVerify } from './commands/audit.ts';
import { type BacktestOptions, backtest } from './commands/backtest.ts';
import { cancel, type DecideOptions, decide, delegate, pause, split } from './commands/decide.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { DIAGNOSABLE, doctorIntegration } from './commands/doctor-integration.ts';
import { doctorSandbox } from './commands/doctor-sandbox.ts';
import { heal } from './commands/heal.ts';
import { logs } from './commands/logs.ts';
import { sandboxRun } from './commands/sandbox-run.ts';
import { type SetupDatadogOptions, setupDatadog } from './commands/setup-datadog.ts';
import { type SetupGitHubOptions, setupGitHub } from './commands/setup-github.ts';
import { type SetupSlackOptions, setupSlack } from './commands/setup-slack.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { named } from './end-failed.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { createOutput, plain } from './output.ts';

/** Root of the command line. */
const program = new Command('suture')
  .description('Heals repositories and the services that run from them.')
  .exitOverride()
  .showHelpAfterError();
let code: number = EXIT_CODES.ok.code;
const output = (options: { readonly json?: boolean }) => createOutput({ json: options.json ?? false, env: process.env });

/** A time limit from the command line. */
function seconds(text: string): number {
  const given = Number(text);
  if (!Number.isInteger(given) || given < 1 || given > 600) throw new InvalidArgumentError('It must be a whole number from 1 to 600.');
  return given;
}

program
  .command('demo')
  .description('break a small real service and heal it, end to end')
  .option('--keep', 'leave everything running', false)
  .option('--approve', 'wait for a person to approve the fix', false)
  .option('--json', 'print the result as JSON', false)
  .action(async (options: { keep: boolean; approve: boolean; json: boolean }) => {
    code = await demo(options, output(options));
  });

interface Json {
  readonly json: boolean;
}
const JSON_FLAG = ['--json', 'print the result as JSON', false] as const;

program
  .command('heal <folder> [command...]')
  .description('heal a git repository on disk: heal <folder> -- <command that fails>')
  .option('--dry-run', 'prove a fix, write nothing', false)
  .option('--revision <revision>', 'branch or commit to heal; default: what is checked out')
  .option('--timeout <seconds>', 'wall-clock limit of one run, at most 600', seconds, 600)
  .option(...JSON_FLAG)
  .action(async (folder: string, command: string[], options: Json & { dryRun: boolean; revision?: string; timeout: number }) => {
    code = await heal(folder, command, options, output(options));
  });
program
  .command('backtest')
  .description('tell recorded incidents again with this version, policy and model, and compare; writes nothing')
  .option('--since <time>', 'only incidents that ended since then, ISO 8601')
  .option('--healing <id>', 'only this one')
  .option('--limit <count>', 'the newest so many', (text) => Math.max(1, Number.parseInt(text, 10) || 20), 20)
  .option('--policy <file>', 'a policy file in the place of the recorded ones')
  .addOption(new Option('--model <which>', 'who answers questions').choices(['none', 'recorded', 'configured']).default('recorded'))
  .option(...JSON_FLAG)
  .action(async (options: Json & BacktestOptions) => {
    code = await backtest(options, output(options));
  });
program
  .command('start')
  .description('serve ingress, worker and dev server until Ctrl-C')
  .action(async () => {
    code = await start(output({}));
  });
program
  .command('status [healing]')
  .description('what is under way, what it waits for and who can decide')
  .option('--all', 'ended healings too', false)
  .option('--diff', 'the whole change that waits for a decision', false)
  .option(...JSON_FLAG)
  .action(async (healing: string | undefined, options: Json & { all: boolean; diff: boolean }) => {
    code = await status(healing, options, output(options));
  });
program
  .command('logs <healing>')
  .description('what a healing did so far, and what its running command prints')
  .option('-f, --follow', 'as it comes, until the healing ends', false)
  .option(...JSON_FLAG)
  .action(async (healing: string, options: Json & { follow: boolean }) => {
    code = await logs(healing, options, output(options));
  });
for (const verdict of ['approve', 'reject'] as const) {
  program
    .command(`${verdict} <healing>`)
    .description(`${verdict} the change that a healing shows`)
    .option('--hash <hash>', 'hash of the change set; default: the one shown now')
    .option('--as <id>', 'who decides; default: the account at this terminal')
    .option('--comment <text>', 'said to everybody')
    .option('--yes', 'do not ask at a terminal', false)
    .option(...JSON_FLAG)
    .action(async (healing: string, options: Json & DecideOptions) => {
      code = await decide(healing, verdict, options, output(options));
    });
}
program
  .command('delegate <healing> <somebody>')
  .description('hand the decision on the change that a healing shows to somebody else')
  .option('--hash <hash>', 'hash of the change set; default: the one shown now')
  .option('--as <id>', 'who hands it on; default: the account at this terminal')
  .option(...JSON_FLAG)
  .action(async (healing: string, somebody: string, options: Json & { hash?: string; as?: string }) => {
    code = await delegate(healing, somebody, options, output(options));
  });
program
  .command('split <healing> <joined>')
  .description('give back what was joined wrongly from another healing; the two are not joined again')
  .option('--as <id>', 'who says so; default: the account at this terminal')
  .option(...JSON_FLAG)
  .action(async (healing: string, joined: string, options: Json & { as?: string }) => {
    code = await split(healing, joined, options, output(options));
  });
const sandbox = program.command('sandbox').description('the sandbox by hand');
sandbox
  .command('seccomp')
  .description('print the system call filter for container engines and nodes, as JSON')
  .action(() => {
    process.stdout.write(`${JSON.stringify(seccompProfile(), null, 1)}\n`);
  });
sandbox
  .command('run <job.yaml>')
  .description('run one job of a specification in the configured sandbox')
  .option('--out <folder>', 'write the artifacts below this folder')
  .option(...JSON_FLAG)
  .action(async (file: string, options: Json & { out?: string }) => {
    code = await sandboxRun(file, options, output(options));
  });
program
  .command('cancel <healing>')
  .description('stop one healing and undo what it began')
  .option('--as <id>', 'who stops it')
  .option('--comment <text>', 'why')
  .option(...JSON_FLAG)
  .action(async (healing: string, options: Json & { as?: string; comment?: string }) => {
    code = await cancel(healing, options, output(options));
  });
for (const [name, paused] of [
  ['pause', true],
  ['resume', false],
] as const) {
  program
    .command(`${name} <owner/name>`)
    .description(paused ? 'stop all healings of a repository at the next safe point' : 'let a paused repository go on')
    .option('--as <id>', 'who does it')
    .option(...JSON_FLAG)
    .action(async (repository: string, options: Json & { as?: string }) => {
      code = await pause(repository, paused, options, output(options));
    });
}
program
  .command('doctor [integration-or-policy-file]')
  .description('what is missing, each with the way out; with the name of an integration or `sandbox`, what is missing there')
  .option(...JSON_FLAG)
  .action(async (what: string | undefined, options: Json) => {
    code =
      what === 'sandbox'
        ? await doctorSandbox(output(options))
        : what !== undefined && DIAGNOSABLE.includes(what)
          ? await doctorIntegration(what, output(options))
          : await doctor(what, output(options));
  });
const setup = program.command('setup').description('register at a vendor; may be run again');
setup
  .command('github')
  .description('create a GitHub App by its manifest (--app), or webhooks with a token')
  .option('--url <url>', 'public address of /webhooks/github of this Suture')
  .option('--app <name>', 'create a GitHub App of this name')
  .option('--organization <name>', 'the App belongs to this organisation; without --app: a webhook for all of its repositories')
  .option('--repository <owner/name>', 'register the webhook of this repository')
  .option('--port <port>', 'port of the page that creates the App; default: a free one')
  .option(...JSON_FLAG)
  .action(async (options: Json & SetupGitHubOptions) => {
    code = await setupGitHub(options, output(options));
  });
setup
  .command('slack')
  .description('the manifest of the app and what to click (--url); then its secrets and channel')
  .option('--url <url>', 'public https address of /webhooks/slack of this Suture')
  .option('--name <name>', 'name of the app; default: Suture')
  .option('--token-file <file>', 'file with the bot token; it is checked, and kept in the secrets folder')
  .option('--signing-secret-file <file>', 'file with the signing secret; kept in the secrets folder')
  .option('--app-id <id>', 'id of the app (A...)')
  .option('--channel <id>', 'id of the channel that gets the cards (C...)')
  .option(...JSON_FLAG)
  .action(async (options: Json & SetupSlackOptions) => {
    code = await setupSlack(options, output(options));
  });
setup
  .command('datadog')
  .description('webhook, its secret, monitors and dashboard, as the policies of the served repositories say')
  .option('--url <url>', 'public address of /webhooks/datadog of this Suture; without it the webhook is left as it is')
  .option('--dry-run', 'show the difference, change nothing', false)
  .option(...JSON_FLAG)
  .action(async (options: Json & SetupDatadogOptions) => {
    code = await setupDatadog(options, output(options));
  });
program
  .command('agent <monitor|reasoner|executor>')
  .description('serve one agent over MCP: on standard input and output, or with --http on a port of this machine')
  .option('--stdio', 'on standard input and output; the default', false)
  .option('--http <port>', 'on this port of 127.0.0.1, behind bearer tokens; 0 picks a free one')
  .action(async (id: string, options: { http?: string }) => {
    code = await agent(id, options);
  });
const audit = program.command('audit').description('the trail of every action');
audit
  .command('verify')
  .description('prove that nothing was edited, removed, reordered or cut off')
  .option(...JSON_FLAG)
  .action(async (options: Json) => {
    code = await auditVerify(output(options));
  });
audit
  .command('show')
  .description('every action, oldest first')
  .option('--healing <healing>', 'of one healing only')
  .option(...JSON_FLAG)
  .action(async (options: Json & { healing?: string }) => {
    code = await auditShow(options, output(options));
  });

try {
  await program.parseAsync(process.argv);
} catch (thrown) {
  const error = named(thrown);
  if (error instanceof CommanderError) code = error.exitCode === 0 ? 0 : EXIT_CODES.usage.code;
  else if (error instanceof Failure) {
    process.stderr.write(`${plain(error.message)}\n`);
    code =
      error.code === 'bug'
        ? EXIT_CODES.bug.code
        : error.code === 'repository-gone'
          ? EXIT_CODES.notFound.code
          : EXIT_CODES.environment.code;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    code = EXIT_CODES.bug.code;
  }
}
process.exit(code);
