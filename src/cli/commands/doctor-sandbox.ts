import { join } from 'node:path';
import { type LoadedConfig, loadConfig, loadSecrets, stateFolder } from '../../config/index.ts';
import { diskFull, inState, isDiskFull } from '../../domain/disk-full.ts';
import { Failure } from '../../domain/failure.ts';
import { integrations } from '../../integrations/registry.ts';
import { openSandboxes } from '../../sandbox/registry.ts';
import { createExchange } from '../../store/exchange.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { executorFindings } from './doctor-agents.ts';

/** One thing that was looked at, and the way out where it is missing. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

type Config = Pick<LoadedConfig['config'], 'agents' | 'forge' | 'sandbox'>;

/** Whether jobs run in sandboxes of this machine: those of healings may run at an executor elsewhere, but not the checks of the local forge, nor what our own Executor is asked for. */
const runsHere = ({ agents, forge }: Config): boolean =>
  (agents.executor.url ?? agents.executor.command) === undefined || forge === 'local' || agents.serve.includes('executor');

/** Proves every configured sandbox that is used by a job that looks at its own walls. */
export async function sandboxFindings(stateDir: string, config: Config): Promise<readonly Finding[]> {
  if (!runsHere(config)) return [];
  try {
    const secrets = loadSecrets(stateDir, process.env);
    const searchPath = process.env['PATH'];
    const { backends } = openSandboxes(config.sandbox, {
      stateDir,
      secret: (name) => secrets.get(name)[0]?.reveal(),
      exchange: (key) => createExchange(join(stateDir, 'exchange'), key),
      ...(searchPath === undefined ? {} : { searchPath }),
    });
    const findings: Finding[] = [];
    for (const [id, sandbox] of backends) {
      const { findings: all } = await sandbox.preflight();
      findings.push(...all.map((each) => ({ ...each, name: `sandbox ${id}: ${each.name}` })));
    }
    return findings;
  } catch (error) {
    if (isDiskFull(error)) return [{ name: 'sandbox', ok: false, detail: diskFull(inState(stateDir)).message }];
    if (error instanceof Failure) return [{ name: 'sandbox', ok: false, detail: error.message }];
    throw error;
  }
}

/** `suture doctor sandbox`: what each configured sandbox holds, shown by harmless attempts to get out of it, and whether the Executor elsewhere answers. */
export async function doctorSandbox(out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  const { config } = loadConfig({ stateDir, env: process.env, integrations });
  const findings = [...(await sandboxFindings(stateDir, config)), ...(await executorFindings(stateDir, config))];
  const ok = findings.every((each) => each.ok);
  out.result(findings.map((each) => `${each.ok ? 'ok ' : 'NO '}  ${each.name.padEnd(36)} ${each.detail}`).join('\n'), { ok, findings });
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.environment.code;
}
