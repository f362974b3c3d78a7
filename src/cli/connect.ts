import { loadConfig, stateFolder } from '../config/index.ts';
import { Failure } from '../domain/failure.ts';
import { integrations } from '../integrations/registry.ts';
import type { Healings } from '../temporal/contract.ts';
import { connectLazily, createHealings } from '../temporal/index.ts';
import { findRunning } from './running.ts';

/** Connect to the Suture that serves this state folder; runs `work` and closes. Throws `Failure` code `temporal-unavailable` when none does. */
export async function withHealings<T>(
  env: Readonly<Record<string, string | undefined>>,
  work: (healings: Healings, stateDir: string) => Promise<T>,
): Promise<T> {
  const stateDir = stateFolder(env);
  const { config } = loadConfig({ stateDir, env, integrations });
  let address = config.temporal.address;
  let webUi = env['SUTURE_WEB_UI_URL'];
  if (address === undefined) {
    const running = await findRunning(stateDir);
    if (running === null)
      throw new Failure(
        'temporal-unavailable',
        `no Suture runs on ${stateDir}; start it with \`npm start\`, or set SUTURE_STATE_DIR to the folder of the one that does`,
      );
    address = running.temporalAddress;
    webUi ??= running.webUi;
  }
  const connection = connectLazily({ address, namespace: config.temporal.namespace });
  try {
    return await work(
      createHealings(connection.client, {
        taskQueue: config.temporal.taskQueue,
        namespace: config.temporal.namespace,
        ...(webUi === undefined ? {} : { webUi }),
      }),
      stateDir,
    );
  } finally {
    await connection.close();
  }
}
