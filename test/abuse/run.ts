import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../src/domain/failure.ts';
import type { Sandbox } from '../../src/sandbox/contract.ts';
import { createDockerSandbox } from '../../src/sandbox/docker/index.ts';
import { connectCluster } from '../../src/sandbox/kubernetes/api.ts';
import { createKubernetesSandbox } from '../../src/sandbox/kubernetes/index.ts';
import { createLocalSandbox } from '../../src/sandbox/local/index.ts';
import { jobOf } from '../sandbox/support.ts';
import { ATTACKS } from './attacks.ts';
import { createPlainRunner, plainHome } from './plain.ts';
import { type Outside, openPrey } from './prey.ts';

/** What one run of the attacks came to: for each case, how many attacks there were and which of them worked. */
export interface AbuseResult {
  readonly target: string;
  readonly isolation: string;
  readonly cases: Readonly<Record<string, { readonly tried: number; readonly worked: readonly string[] }>>;
}

/** Where a sandbox is given, with what it needs. */
function open(target: string, stateDir: string, settings: Record<string, string>): Sandbox {
  const searchPath = process.env['PATH'] ?? '';
  switch (target) {
    case 'docker':
      return createDockerSandbox({ stateDir, docker: { socketPath: settings['socketPath'] ?? '', image: settings['image'] ?? '' } });
    case 'kubernetes':
      return createKubernetesSandbox({
        stateDir,
        kubernetes: {
          kubeconfig: settings['kubeconfig'],
          namespace: 'suture-jobs',
          image: settings['image'] ?? '',
          startSeconds: 120,
          requireNetworkPolicy: settings['policies'] !== 'none',
          seccompProfile: settings['seccompProfile'],
        },
      });
    default:
      return createLocalSandbox({ stateDir, searchPath });
  }
}

/** Every pod reaches the API of its cluster, unless a policy forbids it. */
async function answering(target: string, settings: Record<string, string>): Promise<Outside | undefined> {
  if (target !== 'kubernetes') return undefined;
  const { server } = await connectCluster({ kubeconfig: settings['kubeconfig'], namespace: 'suture-jobs', image: '', startSeconds: 1 });
  const { hostname, port } = new URL(server);
  return { host: hostname, port: Number(port || 443) };
}

/** The same sandbox with a part of it missing: it must run nothing. */
function openBroken(target: string, stateDir: string): Sandbox {
  const nowhere = join(stateDir, 'nowhere');
  switch (target) {
    case 'docker':
      return open('docker', stateDir, { socketPath: nowhere, image: `sha256:${'0'.repeat(64)}` });
    case 'kubernetes':
      return open('kubernetes', stateDir, { kubeconfig: nowhere, image: 'x' });
    default:
      return createLocalSandbox({ stateDir, searchPath: nowhere });
  }
}

async function runsWithout(sandbox: Sandbox): Promise<boolean> {
  try {
    return (await sandbox.run(jobOf(['echo ran']))).steps[0]?.output === 'ran\n';
  } catch (error) {
    if (error instanceof Failure && error.code === 'sandbox-unavailable') return false;
    throw error;
  }
}

/** Runs every attack against a target: `node run.ts <target> <file of settings> <file of results>`. The canary is in `SUTURE_ABUSE_CANARY`. */
async function main(): Promise<void> {
  const [target = '', settingsFile = '', resultFile = ''] = process.argv.slice(2);
  const settings: Record<string, string> = existsSync(settingsFile) ? JSON.parse(readFileSync(settingsFile, 'utf8')) : {};
  const stateDir = mkdtempSync(join(tmpdir(), 'suture-abuse-'));
  const home = await plainHome();
  const canary = process.env['SUTURE_ABUSE_CANARY'] ?? 'canary-was-not-given';
  // The keyring and the environment are prey, the variable that told of it is none.
  delete process.env['SUTURE_ABUSE_CANARY'];
  const sandbox = target === 'plain' ? createPlainRunner(home.path) : open(target, stateDir, settings);
  const cases: Record<string, { tried: number; worked: string[] }> = {};
  const note = (id: string, what: string, worked: boolean): void => {
    const one = cases[id] ?? { tried: 0, worked: [] };
    cases[id] = one;
    one.tried += 1;
    if (worked) one.worked.push(what);
  };
  try {
    const health = await sandbox.preflight();
    if (!health.available)
      throw new Error(
        health.findings
          .filter(({ ok }) => !ok)
          .map(({ detail }) => detail)
          .join('; '),
      );
    const isRoot = process.getuid?.() === 0;
    const outside = await answering(target, settings);
    for (const attack of ATTACKS) {
      if (attack.needs === 'root' && !isRoot && target === 'plain') continue;
      // Prey of its own: what one attack did to it must not tell of the next.
      const prey = await openPrey(canary, outside);
      process.stderr.write(`${target}: ${attack.id} ${attack.what}\n`);
      try {
        note(attack.id, attack.what, await attack.works(sandbox, prey));
      } finally {
        await prey.close();
      }
    }
    note('AC-46', 'running without a part of the sandbox', await runsWithout(target === 'plain' ? sandbox : openBroken(target, stateDir)));
    const result: AbuseResult = { target, isolation: health.isolation, cases };
    writeFileSync(resultFile, JSON.stringify(result));
  } finally {
    await home.remove();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

await main();
