import { readFileSync, writeFileSync } from 'node:fs';
import { CASES } from './cases.ts';
import { runAbuse } from './launch.ts';
import { PUBLISHED, type Published } from './published.ts';

/**
 * Runs the attacks against every sandbox that is named by its settings and writes what was held: `npm run abuse`. For engines set
 * `SUTURE_TEST_DOCKER_SOCKET` and `SUTURE_TEST_DOCKER_IMAGE`, or `SUTURE_TEST_KUBECONFIG`, `_KUBERNETES_IMAGE`, `_KUBERNETES_SECCOMP` and `_KUBERNETES_POLICIES`.
 */
async function main(): Promise<void> {
  const { env } = process;
  const published: Record<string, Readonly<Record<string, readonly string[]>>> = {
    ...(JSON.parse(readFileSync(PUBLISHED, 'utf8')) as Published),
  };
  const isRoot = process.getuid?.() === 0;
  const held = async (target: string, asUser: boolean, settings: object): Promise<string[]> => {
    const { cases } = await runAbuse(target, { asUser, settings });
    for (const [id, { worked }] of Object.entries(cases))
      for (const what of worked) process.stdout.write(`${target}: ${id} worked: ${what}\n`);
    return CASES.filter(({ id }) => cases[id] !== undefined && cases[id].worked.length === 0).map(({ id }) => id);
  };
  published['local'] = {
    ...published['local'],
    ...(isRoot ? { root: await held('local', false, {}) } : {}),
    user: await held('local', isRoot, {}),
  };
  const socketPath = env['SUTURE_TEST_DOCKER_SOCKET'];
  const dockerImage = env['SUTURE_TEST_DOCKER_IMAGE'];
  if (socketPath !== undefined && dockerImage !== undefined)
    published['docker'] = { engine: await held('docker', false, { socketPath, image: dockerImage }) };
  const kubeconfig = env['SUTURE_TEST_KUBECONFIG'];
  const image = env['SUTURE_TEST_KUBERNETES_IMAGE'];
  const seccompProfile = env['SUTURE_TEST_KUBERNETES_SECCOMP'];
  if (kubeconfig !== undefined && image !== undefined && seccompProfile !== undefined)
    published['kubernetes'] = {
      engine: await held('kubernetes', false, { kubeconfig, image, seccompProfile, policies: env['SUTURE_TEST_KUBERNETES_POLICIES'] }),
    };
  writeFileSync(PUBLISHED, `${JSON.stringify(published, null, 2)}\n`);
}

await main();
