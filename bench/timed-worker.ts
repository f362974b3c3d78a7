import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Activities } from '../src/activities/contract.ts';
import { stateFolder } from '../src/config/index.ts';
import { runWorkerProcess } from '../src/worker.ts';
import { TIMES_FILE } from './activity-times.ts';

/** The real worker; when each activity began and ended is written down beside the state, and how long the command ran that it was for. */
const file = join(stateFolder(process.env), TIMES_FILE);
const now = () => performance.timeOrigin + performance.now();

function watched(activities: Activities): Activities {
  const names = Object.keys(activities) as ReadonlyArray<keyof Activities>;
  return Object.fromEntries(
    names.map((name) => {
      const activity = activities[name] as (input: unknown) => Promise<unknown>;
      return [
        name,
        async (input: unknown) => {
          const from = now();
          let result: unknown;
          try {
            result = await activity(input);
            return result;
          } finally {
            const to = now();
            const commandMs = name === 'runCommand' ? (result as { readonly durationMs: number } | undefined)?.durationMs : undefined;
            appendFileSync(file, `${JSON.stringify({ name, from, to, ...(commandMs === undefined ? {} : { commandMs }) })}\n`);
          }
        },
      ];
    }),
  ) as unknown as Activities;
}

runWorkerProcess({ wrap: watched });
