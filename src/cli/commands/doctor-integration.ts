import { loadConfig, loadSecrets, stateFolder } from '../../config/index.ts';
import { integrations } from '../../integrations/registry.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Output } from '../output.ts';

/** Ids of the integrations that can be asked for a diagnosis. */
export const DIAGNOSABLE: readonly string[] = integrations.flatMap((integration) =>
  integration.doctor === undefined ? [] : [integration.id],
);

/** `suture doctor <integration>`: everything at one vendor, each with the way out when it is missing. */
export async function doctorIntegration(id: string, out: Output): Promise<number> {
  const stateDir = stateFolder(process.env);
  const loaded = loadConfig({ stateDir, env: process.env, integrations });
  const secrets = loadSecrets(stateDir, process.env);
  const integration = integrations.find((candidate) => candidate.id === id);
  const findings =
    (await integration?.doctor?.({
      config: loaded.integrations.get(id),
      stateDir,
      secret: (name) => secrets.get(name).map((secret) => secret.reveal()),
      readArtifact: async () => new Uint8Array(),
    })) ?? [];
  const ok = findings.length > 0 && findings.every((each) => each.ok);
  out.result(findings.map((each) => `${each.ok ? 'ok ' : 'NO '}  ${each.name.padEnd(28)} ${each.detail}`).join('\n'), { ok, findings });
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.environment.code;
}
