import { openExecutorSandbox, type Reaching, reachReasoner } from '../../agents/registry.ts';
import { type LoadedConfig, loadSecrets } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import type { Finding } from './doctor-sandbox.ts';

type Config = Pick<LoadedConfig['config'], 'agents'>;

const reaching = (stateDir: string, secret: string): Reaching => ({
  token: () => loadSecrets(stateDir, process.env).get(secret)[0]?.reveal(),
  env: process.env,
});

/** Whether the Reasoner elsewhere that the configuration names answers; nothing where it names none. */
export async function reasonerFindings(stateDir: string, { agents: { reasoner } }: Config): Promise<readonly Finding[]> {
  const name = 'reasoner elsewhere';
  try {
    const where = await reachReasoner(reasoner, reaching(stateDir, 'reasoner-token'));
    return where === null ? [] : [{ name, ok: true, detail: where }];
  } catch (error) {
    if (error instanceof Failure) return [{ name, ok: false, detail: error.message }];
    throw error;
  }
}

/** Whether the Executor elsewhere that the configuration names answers; nothing where it names none. */
export async function executorFindings(stateDir: string, { agents }: Config): Promise<readonly Finding[]> {
  const executor = openExecutorSandbox(agents.executor, reaching(stateDir, 'executor-token'));
  if (executor === null) return [];
  try {
    return (await executor.preflight()).findings.map((each) => ({ ...each, name: `${each.name} elsewhere` }));
  } finally {
    await executor.close();
  }
}
