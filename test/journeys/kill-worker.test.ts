import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type DeployStory, openDeployStory } from './deploy-story.ts';

const MOMENTS = [
  { mode: 'before', moment: 'as the activity begins' },
  { mode: 'middle', moment: 'after its first effect' },
  { mode: 'after', moment: 'when it is done and nobody was told' },
] as const;

let story: DeployStory | undefined;

afterEach(async () => {
  await story?.close();
  story = undefined;
});

describe('a worker that is killed once in every activity', () => {
  it.each(MOMENTS)('changes nothing about the healing: $moment', { timeout: 240_000 }, async ({ mode }) => {
    story = await openDeployStory({ ownServer: false, kill: mode });
    await story.breakIt();
    await story.endsWell();

    const folder = join(story.stateDir, 'kills');
    const kills = await readdir(folder);
    expect(kills.map((name) => name.slice(mode.length + 1)).sort()).toEqual([...(await story.activityTypes())].sort());
    const elsewhere: string[] = [];
    for (const name of kills) {
      const moment = await readFile(join(folder, name), 'utf8');
      // Judging may be pure thinking, which has no middle that anybody could see.
      const asMeant = mode === 'middle' ? moment.includes('.') || name.includes('-judge') : moment === mode;
      if (!asMeant) elsewhere.push(`${name}: ${moment}`);
    }
    expect(elsewhere).toEqual([]);
    // Asked for again where the first who wrote it never came to say so, and found then.
    const commits = (await readFile(join(story.stateDir, 'commits'), 'utf8')).trimEnd().split('\n');
    expect(new Set(commits).size).toBe(1);
  });
});
