import type { WorkflowHandle } from '@temporalio/client';
import type { HealingResult } from '../../src/domain/healing-result.ts';
import type { HealingState } from '../../src/domain/healing-state.ts';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { healingId } from '../../src/domain/ids.ts';
import type { AdmissionAnswer } from '../../src/domain/messages.ts';
import type { HealingInput } from '../../src/domain/settings.ts';
import type { Signal } from '../../src/domain/signal.schema.ts';
import type { TemporalWorld } from '../support/temporal.ts';
import { openTemporal } from '../support/temporal.ts';
import type { Answers } from './script.ts';
import { input, Scripts, signal } from './script.ts';

/** A worker that plays scripted activities, and healings on it. */
export interface HealingWorld {
  readonly temporal: TemporalWorld;
  readonly scripts: Scripts;
  /** Starts the healing of a repository that answers by this script. */
  start(repo: string, answers?: Answers, given?: HealingInput, first?: Signal): Promise<WorkflowHandle>;
  /** Answers as the coordinator would. */
  admit(repo: string, answer: AdmissionAnswer): Promise<void>;
  close(): Promise<void>;
}

/** Opens a worker; the coordinator is played too: it grants at once unless a script says otherwise. */
export async function openHealings(options: Parameters<typeof openTemporal>[1] = {}): Promise<HealingWorld> {
  let temporal: TemporalWorld;
  const scripts = new Scripts(async ({ request }) => {
    await temporal.workflows.getHandle(request.healingId).signal('admission', { kind: 'granted', attemptsUsed: 0 });
  });
  temporal = await openTemporal(scripts.activities(), options);
  return {
    temporal,
    scripts,
    async start(repo, answers = {}, given = input(repo), first = signal(repo)) {
      scripts.forget(repo);
      scripts.script(repo, answers);
      return await report(temporal, given, first);
    },
    admit: (repo, answer) =>
      temporal.workflows.getHandle(healingId({ owner: 'acme', name: repo }, 'branch/main')).signal('admission', answer),
    close: () => temporal.close(),
  };
}

/** What the ingress does: join or start. */
export function report(temporal: TemporalWorld, given: HealingInput, first: Signal): Promise<WorkflowHandle> {
  return temporal.workflows.signalWithStart('HealingWorkflow', {
    workflowId: healingId(given.repo, given.subject),
    taskQueue: temporal.taskQueue,
    args: [given],
    signal: 'incidentEvent',
    signalArgs: [first],
  });
}

/** The result of a healing. */
export async function result(handle: WorkflowHandle): Promise<HealingResult> {
  return (await handle.result()) as HealingResult;
}

/** What the healing shows. */
export async function view(handle: WorkflowHandle): Promise<HealingView> {
  return await handle.query<HealingView>('healingView');
}

/** Asks until the healing shows what is waited for. */
export async function until(handle: WorkflowHandle, ready: HealingState | ((shown: HealingView) => boolean)): Promise<HealingView> {
  for (;;) {
    const shown = await view(handle);
    if (typeof ready === 'string' ? shown.state === ready : ready(shown)) return shown;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
