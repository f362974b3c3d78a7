import { openExecutorSandbox, type Reaching, reachReasoner } from '../../agents/registry.ts';
import { type LoadedConfig, loadSecrets } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import type { Finding } from './doctor-sandbox.ts';

/** Whether the agents elsewhere that the configuration names answer; nothing about those of this process. */
export async function agentFindings(stateDir: string, { agents }: Pick<LoadedConfig['config'], 'agents'>): Promise<readonly Finding[]> {
  const reaching = (secret: string): Reaching => ({
    token: () => loadSecrets(stateDir, process.env).get(secret)[0]?.reveal(),
    env: process.env,
  });
  const findings: Finding[] = [];
  if ((agents.reasoner.url ?? agents.reasoner.command) !== undefined)
    findings.push(
      await reachReasoner(agents.reasoner, reaching('reasoner-token')).then(
        (where) => ({ name: 'reasoner elsewhere', ok: true, detail: where }),
        (error: unknown) => {
          if (error instanceof Failure) return { name: 'reasoner elsewhere', ok: false, detail: error.message };
          throw error;
        },
      ),
    );
  const executor = openExecutorSandbox(agents.executor, reaching('executor-token'));
  if (executor !== null) {
    const { findings: found } = await executor.preflight();
    findings.push(...found.map((each) => ({ ...each, name: `${each.name} elsewhere` })));
    await executor.close();
  }
  return findings;
}
