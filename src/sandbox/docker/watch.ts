import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { execute } from './execute.ts';
import { LOOK } from './scripts.ts';

/** Free blocks (of 4 KiB) below which a file system counts as full. */
const FULL_BLOCKS = 16;
/** A look into a container that is being ended may take no longer. */
const LOOK_MS = 2_000;
const LOOK_BYTES = 4_096;

/** What limits say that they did. */
export interface LimitCounts {
  readonly oomKills: number;
  readonly processRefusals: number;
  readonly diskFull: boolean;
}

/** Watches the limits of one container. */
export interface Watch {
  /** Call it with room for another process: at the limit nothing more could be started. */
  look(): Promise<LimitCounts>;
  /** Whether its processes are as many as may be, as the engine counts them: nothing needs to be started for it. */
  crowded(): Promise<boolean>;
  close(): void;
}

/** Follows the engine's events of a container, for kills by the memory limit. */
export async function watchLimits(docker: Docker, container: Container): Promise<Watch> {
  let oomKills = 0;
  const events = await docker.getEvents({ filters: JSON.stringify({ container: [container.id], event: ['oom'] }) });
  events.on('error', () => undefined);
  events.on('data', (bytes: Buffer) => {
    oomKills += bytes
      .toString()
      .split('\n')
      .filter((line) => line.includes('"oom"')).length;
  });
  return {
    async look() {
      let text = '';
      const read = async (): Promise<void> => {
        const looking = await execute(container, { argv: ['/bin/sh', '-c', LOOK], env: [], stdin: false }, (from, bytes) => {
          if (from === 'out' && text.length < LOOK_BYTES) text += bytes.toString();
        });
        await Promise.race([looking.drained, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
        looking.close();
      };
      // A container that is gone tells nothing, and neither does one in which nothing can be started.
      await read().catch(() => undefined);
      const refusals = [...text.matchAll(/^max (\d+)$/gm)].map((match) => Number(match[1]));
      const free = [...text.matchAll(/^space (\d+)$/gm)].map((match) => Number(match[1]));
      return { oomKills, processRefusals: Math.max(0, ...refusals), diskFull: free.some((blocks) => blocks < FULL_BLOCKS) };
    },
    async crowded() {
      const stats = await container.stats({ stream: false, 'one-shot': true }).catch(() => null);
      const { current, limit } = (stats?.pids_stats ?? {}) as { readonly current?: number; readonly limit?: number };
      return current !== undefined && limit !== undefined && limit > 0 && current >= limit - 1;
    },
    close: () => (events as NodeJS.ReadableStream & { destroy(): void }).destroy(),
  };
}
