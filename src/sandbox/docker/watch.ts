import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import type { LimitCounts } from '../box.ts';
import { lookInside } from '../look.ts';
import { execute } from './execute.ts';

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
      const { refused, killed, diskFull } = await lookInside((program, take) => execute(container, program, take));
      return { oomKills: Math.max(oomKills, killed), processRefusals: refused, diskFull };
    },
    async crowded() {
      const stats = await container.stats({ stream: false, 'one-shot': true }).catch(() => null);
      const { current, limit } = (stats?.pids_stats ?? {}) as { readonly current?: number; readonly limit?: number };
      return current !== undefined && limit !== undefined && limit > 0 && current >= limit - 1;
    },
    close: () => (events as NodeJS.ReadableStream & { destroy(): void }).destroy(),
  };
}
