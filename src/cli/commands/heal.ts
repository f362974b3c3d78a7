import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig, settingsFrom, stateFolder } from '../../config/index.ts';
import { diskFull, inState } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import { healingId } from '../../domain/ids.ts';
import { mirrorExisting, publishBranchTo } from '../../integrations/local/admin.ts';
import { createLocalForge } from '../../integrations/local/forge.ts';
import { integrations } from '../../integrations/registry.ts';
import type { Healings } from '../../temporal/contract.ts';
import { withHealings } from '../connect.ts';
import { EXIT_CODES, exitCodeFor } from '../exit-codes.ts';
import { followHealing } from '../follow.ts';
import type { Output } from '../output.ts';
import { findRunning } from '../running.ts';
import { startRuntime } from '../runtime.ts';
import { openStateFolder } from '../state-folder.ts';
import { isFull } from '../watch-disk.ts';
import { terminalActor } from './decide.ts';

/** What `suture heal` takes. */
export interface HealOptions {
  readonly dryRun: boolean;
  readonly revision?: string;
  readonly timeout: number;
}

/** One word for `sh -c`, whatever is in it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

async function uncommitted(folder: string): Promise<boolean> {
  const git = promisify(execFile);
  const { stdout } = await git(
    'git',
    [
      '-c',
      'core.fsmonitor=false',
      '-c',
      'core.hooksPath=/dev/null',
      '-C',
      folder,
      '--no-optional-locks',
      'status',
      '--porcelain',
      '--ignore-submodules=all',
      '--untracked-files=no',
    ],
    { env: { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' } },
  ).catch(() => ({ stdout: '' }));
  return stdout.trim() !== '';
}

async function runHealing(
  healings: Healings,
  stateDir: string,
  folder: string,
  { repo, branch, headSha }: Awaited<ReturnType<typeof mirrorExisting>>,
  command: readonly string[],
  options: HealOptions,
  out: Output,
  onBegun: (id: string) => void = () => undefined,
): Promise<number> {
  const run = command.length === 1 ? (command[0] ?? '') : command.map(quoted).join(' ');
  const subject = `manual/${createHash('sha256').update(`${headSha}\n${run}\n${options.dryRun}\n${randomUUID()}`).digest('hex').slice(0, 12)}`;
  const id = healingId(repo, subject);
  const { config } = loadConfig({ stateDir, env: process.env, integrations });
  const settings = settingsFrom(config, { dryRun: options.dryRun });
  const at = new Date().toISOString();
  const webUiUrl = healings.webUiUrl(id);
  out.step(`healing ${folder} (${branch} at ${headSha.slice(0, 8)}), failing command: ${run}`);
  if (webUiUrl !== undefined) out.detail(webUiUrl);
  await healings.report(
    {
      repo,
      subject,
      settings: {
        ...settings,
        timings: { ...settings.timings, gatherMs: 0, cooldownMs: 0, checkPollMs: Math.min(settings.timings.checkPollMs, 1000) },
      },
      request: { run, timeoutSeconds: options.timeout, revision: options.revision ?? branch },
      ...(webUiUrl === undefined ? {} : { webUiUrl }),
    },
    {
      id: `cli:${randomUUID()}`,
      source: 'manual',
      kind: 'requested',
      repo,
      subject,
      at,
      actor: terminalActor(undefined),
      summary: `heal: ${run}`.slice(0, 300),
      facts: {},
    },
  );
  onBegun(id);
  const view = await followHealing(healings, id, {
    timeoutMs: 3_600_000,
    onLine: (line) => out.step(`${line.state.padEnd(18)} ${line.text}`),
  });
  const { outcome } = view;
  if (outcome === undefined) return EXIT_CODES.bug.code;
  const healed = outcome.kind === 'healed';
  const lines = [
    '',
    `  ${healed ? 'Healed' : 'Not healed'}: ${outcome.kind} (${outcome.reason})`,
    `  ${outcome.detail}`,
    '',
    `  problem   ${view.title}`,
  ];
  if (view.cause !== undefined) lines.push(`  cause     ${view.cause} (${view.class ?? 'unknown'})`);
  if (view.strategy !== undefined) lines.push(`  strategy  ${view.strategy}`);
  let branchLeft: string | undefined;
  if (view.pullRequest !== undefined) {
    const { number, branch: fixBranch } = view.pullRequest;
    await publishBranchTo(stateDir, repo, folder, fixBranch);
    branchLeft = fixBranch;
    lines.push(
      `  branch    ${fixBranch}, in ${folder}`,
      `  record    pull request ${number} of ${repo.owner}/${repo.name} on the local forge`,
      `  look      git -C ${quoted(folder)} diff ${quoted(`${branch}...${fixBranch}`)}`,
    );
  }
  const tail = view.timeline.slice(-12).map((line) => `  ${line.state.padEnd(18)} ${line.text}`);
  out.result([...lines, '', '  how it went', ...tail, ''].join('\n'), { healed, outcome, healing: id, branch: branchLeft, view });
  return exitCodeFor(outcome);
}

/** `suture heal <folder> -- <command>`: heals a repository on disk; its working tree is never touched. */
export async function heal(folderArgument: string, command: readonly string[], options: HealOptions, out: Output): Promise<number> {
  const folder = resolve(folderArgument);
  if (command.length === 0) {
    out.bad('say which command fails: suture heal <folder> -- <command>');
    return EXIT_CODES.usage.code;
  }
  if (!existsSync(folder)) {
    out.bad(`there is no folder ${folder}`);
    return EXIT_CODES.notFound.code;
  }
  if (await uncommitted(folder)) out.step('there are uncommitted changes; they are not part of what is healed');
  const stateDir = stateFolder(process.env);
  await openStateFolder(stateDir);
  // Before anything is started: a folder that cannot be healed is said at once.
  const mirrored = await mirrorExisting(stateDir, folder);
  const { revision } = options;
  if (revision !== undefined && (await createLocalForge(stateDir).repositories.resolve(mirrored.repo, revision)) === null) {
    out.bad(`--revision: there is no branch or commit ${revision} in ${folder}; name a branch, or a commit by at least 7 digits of its id`);
    return EXIT_CODES.notFound.code;
  }
  const running = await findRunning(stateDir);
  if (running?.serves === false) {
    out.bad(`process ${running.pid} heals with ${stateDir} at the moment; wait for it, or set SUTURE_STATE_DIR to another folder`);
    return EXIT_CODES.environment.code;
  }
  if (running !== null)
    return withHealings(process.env, (healings) => runHealing(healings, stateDir, folder, mirrored, command, options, out));
  const env = {
    ...process.env,
    SUTURE_TEMPORAL_PORT: process.env['SUTURE_TEMPORAL_PORT'] ?? '0',
    SUTURE_TEMPORAL_UI_PORT: process.env['SUTURE_TEMPORAL_UI_PORT'] ?? '0',
    SUTURE_INGRESS_PORT: process.env['SUTURE_INGRESS_PORT'] ?? '0',
  };
  // Told to end while it starts: it ends as soon as there is something to stop.
  const told = new Promise<number>((tell) => {
    process.once('SIGINT', () => tell(130));
    process.once('SIGTERM', () => tell(143));
  });
  const runtime = await startRuntime({ stateDir, env, serves: false, onEvent: (text) => out.detail(text) });
  try {
    let begun: string | undefined;
    const healing = runHealing(runtime.healings, stateDir, folder, mirrored, command, options, out, (id) => {
      begun = id;
    }).catch((error: unknown) => {
      // A dev server whose database cannot grow answers nobody.
      const silent = error instanceof Failure && error.code === 'temporal-unavailable';
      throw silent && isFull(stateDir) ? diskFull(inState(stateDir), error) : error;
    });
    const interrupted = told.then(async (code) => {
      out.step('stopping');
      // Nobody waits for it any more: it must not go on by itself the next time something runs on this state folder.
      const request = { id: `cli-${randomUUID()}`, actor: terminalActor(undefined), comment: 'interrupted' };
      if (begun !== undefined) await runtime.healings.stop(begun, request).catch((error: unknown) => out.detail(String(error)));
      return code;
    });
    return await Promise.race([healing, interrupted]);
  } finally {
    await runtime.stop();
  }
}
