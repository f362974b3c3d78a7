import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type LoadedConfig, loadConfig, parseRepositoryPolicy, stateFolder } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import { integrations } from '../../integrations/registry.ts';
import { freeBytes } from '../../lib/free-space.ts';
import { findTemporalExecutable } from '../../temporal/index.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { openStateFolder } from '../state-folder.ts';
import { executorFindings, reasonerFindings } from './doctor-agents.ts';
import { type Finding, sandboxFindings } from './doctor-sandbox.ts';

const run = promisify(execFile);
/** Below this the state folder fills up within a day of work. */
const MIN_FREE_BYTES = 1024 ** 3;

async function finding(name: string, check: () => Promise<string> | string): Promise<Finding> {
  try {
    return { name, ok: true, detail: await check() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function version(tool: string, install: string): Promise<string> {
  try {
    return (await run(tool, ['--version'])).stdout.split('\n')[0] ?? '';
  } catch {
    throw new Failure('tool-missing', `${tool} is missing; run: ${install}`);
  }
}

/** `suture doctor [policy file]`: everything that a healing needs, each with the way out when it is missing. */
export async function doctor(policyFile: string | undefined, out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  let config: LoadedConfig['config'] | null = null;
  let isThere = false;
  const findings: Finding[] = [
    await finding('node', () => {
      if (Number(process.versions.node.split('.')[0]) < 22)
        throw new Error(`Node ${process.versions.node} is too old; run through npm, which brings Node 24`);
      return process.versions.node;
    }),
    await finding('git', () => version('git', 'apt-get install -y git')),
    await finding('python3', () => version('python3', 'apt-get install -y python3')),
    await finding('configuration', () => {
      config = loadConfig({ stateDir, env: process.env, integrations }).config;
      return 'no problems';
    }),
    await finding('temporal', async () => {
      const { address, executable: setting } = config?.temporal ?? {};
      if (address !== undefined) return `cluster at ${address}`;
      const executable = findTemporalExecutable({ setting, env: process.env });
      await run(executable, ['--version']).catch(() => {
        throw new Failure('tool-missing', `${executable} does not run; run \`npm run setup\`, or correct SUTURE_TEMPORAL_EXECUTABLE`);
      });
      return executable;
    }),
    await finding('state folder', async () => {
      await openStateFolder(stateDir);
      isThere = true;
      const free = freeBytes(stateDir) ?? 0;
      if (free < MIN_FREE_BYTES)
        throw new Error(`${stateDir} has only ${Math.round(free / 1024 ** 2)} MiB left; free some space or set SUTURE_STATE_DIR`);
      return `${stateDir}, ${Math.round(free / 1024 ** 3)} GiB free`;
    }),
  ];
  // Sandboxes keep what they need in the state folder, so nothing can be said of them without one.
  if (config !== null && isThere)
    findings.push(
      ...(await sandboxFindings(stateDir, config)),
      ...(await executorFindings(stateDir, config)),
      ...(await reasonerFindings(stateDir, config)),
    );
  if (policyFile !== undefined) {
    findings.push(
      await finding('policy file', async () => {
        const policy = parseRepositoryPolicy(await readFile(policyFile, 'utf8'));
        return `${policy.checks.length} check(s), autonomy ${policy.autonomy}`;
      }),
    );
  }
  const ok = findings.every((each) => each.ok);
  out.result(findings.map((each) => `${each.ok ? 'ok ' : 'NO '}  ${each.name.padEnd(28)} ${each.detail}`).join('\n'), { ok, findings });
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.environment.code;
}
