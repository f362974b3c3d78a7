import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { push } from '../../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../../src/integrations/local/forge.ts';
import { createLocalForgeService, type LocalForgeService } from '../../../src/integrations/local/service.ts';
import { DEFAULT_LIMITS } from '../../../src/sandbox/contract.ts';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { makeFolder, SHOP, serveShop } from './support.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('checks of the local forge in the real sandbox', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let service: LocalForgeService;
  let head: string;

  beforeAll(async () => {
    folder = await makeFolder();
    head = await serveShop(
      folder.path,
      {
        'a.txt': 'good\n',
        'test.sh': 'grep -q good a.txt && test ! -e .git && echo "ran as $(id -u)"\n',
        '.github/suture.yml': 'read by the function below\n',
      },
      { requiredChecks: ['test'] },
    );
    service = createLocalForgeService({
      stateDir: folder.path,
      sandbox: createLocalSandbox({ stateDir: folder.path }),
      limits: DEFAULT_LIMITS,
      readChecks: () => [{ name: 'test', setup: 'test -f test.sh', run: 'sh test.sh', timeoutSeconds: 30 }],
      hook: null,
      log: quiet,
      pollMs: 60_000,
    });
    await service.start();
  });
  afterAll(async () => {
    await service.stop();
    await folder.dispose();
  });

  it('turn green and red by what the commands say, and never run as root', async () => {
    await service.idle();
    const { checks } = createLocalForge(folder.path);
    const log = Buffer.from((await checks.log(SHOP, head, 'test')) ?? []).toString('utf8');
    expect(log).toMatch(/ran as [1-9]\d*/);
    expect(await checks.list(SHOP, head)).toMatchObject([{ name: 'test', conclusion: 'success' }]);
    const { sha } = await push(folder.path, SHOP, { branch: 'feature', files: { 'a.txt': 'bad\n' }, message: 'break', actor: 'ada' });
    await service.idle();
    expect(await checks.list(SHOP, sha)).toMatchObject([{ name: 'test', conclusion: 'failure' }]);
  });
});
