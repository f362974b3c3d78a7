import { Failure } from '../../domain/failure.ts';
import type { ForgeChanges } from '../contract.ts';
import { SUTURE_ACTOR, SUTURE_BRANCHES } from './actors.ts';
import { commitChange, removeBranch } from './commit-change.ts';
import { mergePull } from './merge.ts';
import { closePull, findMarked, openPull, pullFacts } from './pull-requests.ts';
import type { PullRecord } from './records.schema.ts';
import { changing, listBranches, type OpenRepository, openRepository, readPull, readPulls, wake } from './repo-store.ts';

async function existing(open: OpenRepository, number: number): Promise<PullRecord> {
  const record = await readPull(open, number);
  if (record === null) {
    throw new Failure('plan-invalid', `there is no pull request ${number}`);
  }
  return record;
}

/** Writing changes on the local forge, always in Suture's own name. */
export function createChanges(stateDir: string): ForgeChanges {
  return {
    async get(repo, number) {
      const open = await openRepository(stateDir, repo);
      const record = await readPull(open, number);
      return record === null ? null : pullFacts(open, record);
    },
    async listOpen(repo, limit) {
      const open = await openRepository(stateDir, repo);
      const pulls = (await readPulls(open)).filter((record) => record.state === 'open');
      const newest = pulls.toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt)).slice(0, limit);
      return newest.map((record) => ({ ...pullFacts(open, record), updatedAt: record.updatedAt }));
    },
    async findByBranch(repo, branch) {
      const open = await openRepository(stateDir, repo);
      const pulls = (await readPulls(open)).filter((record) => record.headBranch === branch && !record.fromFork).reverse();
      const found = pulls.find((record) => record.state === 'open') ?? pulls[0];
      return found === undefined ? null : pullFacts(open, found);
    },
    async ownBranches(repo) {
      const { folders } = await openRepository(stateDir, repo);
      return listBranches(folders.gitDir, SUTURE_BRANCHES, 500);
    },
    async findByMarker(repo, marker) {
      const open = await openRepository(stateDir, repo);
      const record = await findMarked(open, marker);
      return record === null ? null : pullFacts(open, record);
    },
    async commit(repo, input) {
      const open = await openRepository(stateDir, repo);
      const result = await changing(open, () => commitChange(open, input));
      wake(stateDir);
      return result;
    },
    async open(repo, input) {
      const open = await openRepository(stateDir, repo);
      const result = await changing(open, () => openPull(open, input));
      wake(stateDir);
      return 'kind' in result ? result : { kind: 'open', pullRequest: pullFacts(open, result) };
    },
    async merge(repo, number, expectedHead) {
      const open = await openRepository(stateDir, repo);
      const result = await changing(open, async () =>
        mergePull(open, await existing(open, number), expectedHead, { actor: SUTURE_ACTOR, bypass: false }),
      );
      wake(stateDir);
      return result;
    },
    async close(repo, number, comment) {
      const open = await openRepository(stateDir, repo);
      await changing(open, async () => closePull(open, await existing(open, number), SUTURE_ACTOR, comment));
      wake(stateDir);
    },
    async deleteBranch(repo, branch) {
      const open = await openRepository(stateDir, repo);
      if (!branch.startsWith(SUTURE_BRANCHES)) {
        throw new Failure('plan-invalid', `only branches below ${SUTURE_BRANCHES} are deleted`);
      }
      await changing(open, async () => {
        const orphaned = (await readPulls(open)).filter(
          (record) => record.state === 'open' && record.headBranch === branch && !record.fromFork,
        );
        for (const record of orphaned) {
          await closePull(open, record, SUTURE_ACTOR, 'The branch was deleted.');
        }
        await removeBranch(open.folders.gitDir, branch);
      });
      wake(stateDir);
    },
  };
}
