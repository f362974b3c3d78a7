/** What the tests of this folder run as a process of its own, to end it at any moment: `node other-process.ts <what> <state folder> ...`. */
import { writeFileSync } from 'node:fs';
import { requestDeployment } from '../../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../../src/integrations/local/forge.ts';
import { withLock } from '../../../src/integrations/local/lock.ts';
import { createLocalForgeService } from '../../../src/integrations/local/service.ts';
import { DEFAULT_LIMITS } from '../../../src/sandbox/contract.ts';
import { fakeSandbox, SHOP } from './support.ts';

const [, , what = '', stateDir = '', argument = ''] = process.argv;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const forge = createLocalForge(stateDir);

const change = (base: string, key: string) =>
  forge.changes.commit(SHOP, {
    branch: 'suture/x-1',
    changeSet: { base, files: [{ op: 'write', path: 'a.txt', mode: '100644', content: Buffer.from('fixed\n').toString('base64') }] },
    message: 'Fix',
    key,
  });

const roles: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Holds a lock until it is killed. */
  hold: () =>
    withLock(argument, async () => {
      process.stdout.write('ready\n');
      setInterval(() => undefined, 1_000);
      await new Promise(() => undefined);
    }),
  /** Adds one to a number in a file, many times, each time under the lock. */
  count: async () => {
    const { readFileSync } = await import('node:fs');
    for (let round = 0; round < 25; round += 1) {
      await withLock(`${argument}.lock`, () => {
        writeFileSync(argument, String(Number(readFileSync(argument, 'utf8')) + 1));
        return Promise.resolve();
      });
    }
  },
  /** Everything that publishing does, again and again, until it is killed or done. */
  publish: async () => {
    await change(argument, 'k1');
    const marker = '<!-- suture:heal/acme/shop/branch/main -->';
    await forge.changes.open(SHOP, {
      marker,
      title: 'Fix',
      body: '',
      headBranch: 'suture/x-1',
      baseBranch: 'main',
      labels: [],
      draft: false,
    });
    await forge.deployments.create(SHOP, { sha: argument, environment: 'production', key: 'd1' });
    process.stdout.write('done\n');
  },
  /** Serves a deployment until it is killed. */
  serve: async () => {
    const service = createLocalForgeService({
      stateDir,
      sandbox: fakeSandbox(() => ({})),
      limits: DEFAULT_LIMITS,
      readChecks: () => [],
      hook: null,
      log: quiet,
    });
    await service.start();
    await requestDeployment(stateDir, SHOP, { sha: argument, environment: 'production', actor: 'ada' });
    await service.idle();
    process.stdout.write('ready\n');
  },
};

await roles[what]?.();
