import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { WORKFLOW_TYPES } from '../domain/messages.ts';
import type { HealingSettings } from '../domain/settings.ts';

const SCHEDULE_ID = 'suture-patrol';

/** Create the patrol's Schedule, or bring the existing one to what is configured; never a second one. */
export async function ensurePatrol(
  client: Client,
  options: { readonly everyMs: number; readonly taskQueue: string; readonly settings: HealingSettings },
): Promise<void> {
  const spec = { intervals: [{ every: options.everyMs }], jitter: Math.min(options.everyMs / 10, 30_000) };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: WORKFLOW_TYPES.patrol,
    taskQueue: options.taskQueue,
    args: [options.settings],
    workflowId: 'patrol',
  };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' as const };
  try {
    await client.schedule.create({ scheduleId: SCHEDULE_ID, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(SCHEDULE_ID).update((previous) => ({ ...previous, spec, action, policies }));
  }
}
