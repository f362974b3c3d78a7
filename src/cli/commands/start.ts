import { loadConfig, stateFolder } from '../../config/index.ts';
import { integrations } from '../../integrations/registry.ts';
import type { Output } from '../output.ts';
import { startRuntime } from '../runtime.ts';
import { openStateFolder } from '../state-folder.ts';
import { sandboxFindings } from './doctor-sandbox.ts';

/** `suture start`: serve until Ctrl-C; state in one folder, so that healings under way go on after a restart. */
export async function start(out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  await openStateFolder(stateDir);
  out.step(`starting on ${stateDir}`);
  const sources = integrations.filter((integration) => integration.alertSource !== undefined).map(({ id }) => id);
  // Before anything is started: who is told to stop while starting stops as soon as there is something to stop.
  const told = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  const runtime = await startRuntime({ stateDir, env: process.env, onEvent: (text) => out.bad(text) });
  out.good('Suture serves');
  out.detail(`Web UI   ${runtime.webUi ?? '-'}`);
  out.detail(`ingress  ${runtime.ingressUrl}/webhooks/{${sources.join(',')}}`);
  out.detail(`secrets  ${stateDir}/secrets`);
  out.detail('stop with Ctrl-C; healings under way go on at the next start');
  const { config } = loadConfig({ stateDir, env: process.env, integrations });
  // Signals are taken in all the same; every healing would end by saying this.
  for (const { ok, name, detail } of await sandboxFindings(stateDir, config)) if (!ok) out.bad(`${name}: ${detail}`);
  await told;
  out.step('stopping');
  await runtime.stop();
  return 0;
}
