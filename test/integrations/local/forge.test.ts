import { closePullRequest, mergePullRequest, openPullRequest, push, reportCheck } from '../../../src/integrations/local/admin.ts';
import { createLocalForge } from '../../../src/integrations/local/forge.ts';
import { forgeContract } from '../forge-contract-suite.ts';
import { makeFolder, SHOP, serveShop } from './support.ts';

forgeContract('the local forge', async () => {
  const folder = await makeFolder();
  const stateDir = folder.path;
  await serveShop(
    stateDir,
    { 'a.txt': 'one\n' },
    {
      requiredChecks: ['test'],
      environments: { production: { start: ['node', 'server.js'], healthPath: '/health', startTimeoutMs: 5_000 } },
    },
  );
  return {
    forge: createLocalForge(stateDir),
    repo: SHOP,
    push: async (branch, files) => (await push(stateDir, SHOP, { branch, files, message: `change ${branch}`, actor: 'ada' })).sha,
    async mergeBranch(branch) {
      const { number } = await openPullRequest(stateDir, SHOP, { title: branch, body: '', headBranch: branch, author: 'ada' });
      const merged = await mergePullRequest(stateDir, SHOP, number, { actor: 'ada', bypass: true });
      if (merged.kind !== 'merged') {
        throw new Error(merged.detail);
      }
      return merged.sha;
    },
    close: (number) => closePullRequest(stateDir, SHOP, number, { actor: 'ada' }),
    report: (sha, name, conclusion, log) => reportCheck(stateDir, SHOP, { sha, name, conclusion, log }),
    dispose: folder.dispose,
  };
});
