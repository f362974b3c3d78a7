import { join } from 'node:path';
import type { ForgePeople } from '../contract.ts';
import { SUTURE_ACTOR, trustOf } from './actors.ts';
import { createAtomically } from './atomic-file.ts';
import { sha256 } from './paths.ts';
import { changing, openRepository, readPull, writePull } from './repo-store.ts';

/** People of the local forge: its owner's lists, comments in the records of pull requests. */
export function createPeople(stateDir: string): ForgePeople {
  return {
    async trust(repo, login) {
      return trustOf((await openRepository(stateDir, repo)).settings, login);
    },
    async react(repo, comment, reaction) {
      const { folders } = await openRepository(stateDir, repo);
      await createAtomically(
        join(folders.root, 'reactions', sha256(`${comment} ${reaction}`)),
        `${JSON.stringify({ comment, reaction })}\n`,
      );
    },
    async answer(repo, number, marker, body) {
      const open = await openRepository(stateDir, repo);
      await changing(open, async () => {
        const pull = await readPull(open, number);
        if (pull === null || pull.comments.some((comment) => comment.body.includes(marker))) return;
        const comment = { by: SUTURE_ACTOR, at: new Date().toISOString(), body: `${body.slice(0, 60_000)}\n\n${marker}` };
        await writePull(open, { ...pull, comments: [...pull.comments, comment] });
      });
    },
  };
}
