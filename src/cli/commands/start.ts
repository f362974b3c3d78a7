import { mkdir } from 'node:fs/promises';
import { stateFolder } from '../../config/index.ts';
import { integrations } from '../../integrations/registry.ts';
import type { Output } from '../output.ts';
import { startRuntime } from '../runtime.ts';

/** `suture start`: serve until Ctrl-C; state in one folder, so that healings under way go on after a restart. */
export async function start(out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  await mkdir(stateDir, { recursive: true });
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
  await told;
  out.step('stopping');
  await runtime.stop();
  return 0;
}
