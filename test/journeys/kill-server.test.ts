import { afterEach, describe, expect, it } from 'vitest';
import type { HealingState } from '../../src/domain/healing-state.ts';
import { type DeployStory, openDeployStory } from './deploy-story.ts';

const POINTS: readonly HealingState[] = ['reproducing', 'waiting-for-checks', 'verifying'];

let story: DeployStory | undefined;

afterEach(async () => {
  await story?.close();
  story = undefined;
});

describe('a Temporal server that is killed', () => {
  it('changes nothing about a healing: while it proves in the sandbox, waits for checks and measures production', {
    timeout: 240_000,
  }, async () => {
    story = await openDeployStory({ ownServer: true, unhurriedMs: 3_000 });
    const { runtime, until, view } = story;
    await story.breakIt();
    const servers = new Set<number>();
    for (const point of POINTS) {
      const state = await until(`a healing that is ${point}`, async () => {
        const now = await view();
        return now !== null && (now.state === point || now.outcome !== undefined) ? now.state : null;
      });
      expect(state, state === point ? '' : await story.soFar(point)).toBe(point);
      const pid = runtime.pids().server;
      if (pid === undefined) throw new Error('there is no server of ours');
      servers.add(pid);
      process.kill(pid, 'SIGKILL');
      await until('another server', async () => (runtime.pids().server === pid ? null : true));
    }
    expect(servers.size).toBe(POINTS.length);
    await story.endsWell();
  });
});
