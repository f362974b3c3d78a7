import { mkdir } from 'node:fs/promises';
import { stateFolder } from '../../config/index.ts';
import type { Output } from '../output.ts';
import { startRuntime } from '../runtime.ts';

/** `suture start`: serve until Ctrl-C; state in one folder, so that healings under way go on after a restart. */
export async function start(out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  await mkdir(stateDir, { recursive: true });
  out.step(`starting on ${stateDir}`);
  const runtime = await startRuntime({ stateDir, env: process.env, onEvent: (text) => out.bad(text) });
  out.good('Suture serves');
  out.detail(`Web UI   ${runtime.webUi ?? '-'}`);
  out.detail(`ingress  ${runtime.ingressUrl}/webhooks/{local,datadog,manual}`);
  out.detail(`secrets  ${stateDir}/secrets`);
  out.detail('stop with Ctrl-C; healings under way go on at the next start');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  out.step('stopping');
  await runtime.stop();
  return 0;
}
