import type { ActivityOptions } from '@temporalio/workflow';
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/contract.ts';
import { forgeQueue, modelQueue, sandboxQueue } from '../domain/task-queues.ts';
import { label } from './plain.ts';

/** How long an activity may be silent before its worker counts as lost, in milliseconds. */
const WORKER_LOST_MS = 30_000;

// A workflow has its modules for itself, and its input sets this before its first activity.
let workerLostMs = WORKER_LOST_MS;

/** Says how long an activity of this workflow may be silent; absent in inputs that were recorded before there was a choice. */
export function loseWorkersAfter(ms: number | undefined): void {
  workerLostMs = ms ?? WORKER_LOST_MS;
}

/** Reading or writing a forge, a notifier, the store, the server itself: short calls that are worth repeating while the vendor is away. */
const vendor: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  // Waiting in the queue and for a rate limit counts here; rate-limited calls have no maximum of attempts, because each wait uses one up.
  scheduleToCloseTimeout: '2 hours',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
};

/** Evidence is read through many vendor calls in one activity. */
const evidence: ActivityOptions = { ...vendor, startToCloseTimeout: '3 minutes' };

/** Verdicts are computed from what the store holds: no vendor, so a failure that repeats is a fault of ours or of the disk. */
const judging: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '15 seconds', maximumAttempts: 8 },
};

/** A model thinks for minutes and its vendor has limits by the minute: waiting for them is no failure. The client itself never repeats a call. */
const asking: ActivityOptions = {
  startToCloseTimeout: '6 minutes',
  scheduleToCloseTimeout: '45 minutes',
  retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '2 minutes', maximumAttempts: 12 },
};

/** The ladder of strategies reads the repository. */
const reasoning: ActivityOptions = {
  startToCloseTimeout: '5 minutes',
  scheduleToCloseTimeout: '30 minutes',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds', maximumAttempts: 4 },
};

/** The sandbox ends a job after 10 minutes by itself and reports it, and so it does with the one that installs its dependencies before; 22 minutes only catch one that hangs. Attempts are for infrastructure alone. */
const sandbox: ActivityOptions = {
  startToCloseTimeout: '22 minutes',
  scheduleToCloseTimeout: '2 hours',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds', maximumAttempts: 3 },
};

/** Undoing must not keep a healing open for hours: what cannot be undone in 10 minutes is handed to people. */
const compensation: ActivityOptions = {
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** Telling people is worth trying for a while, and never worth holding the end of a healing for long. */
const telling: ActivityOptions = { ...compensation, retry: { ...compensation.retry, maximumAttempts: 20 } };

/** Messages and cards go beside the story, so waiting in the queue costs nothing; a vendor that stays away is left to the patrol, which catches up. */
const messages: ActivityOptions = {
  startToCloseTimeout: '45 seconds',
  scheduleToCloseTimeout: '2 hours',
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 3, maximumInterval: '30 seconds', maximumAttempts: 6 },
};

/** A person waits for the answer. */
const answering: ActivityOptions = {
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '300 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds', maximumAttempts: 5 },
};

/** The patrol walks every served repository. */
const walking: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '30 minutes',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumAttempts: 3 },
};

/** Time limits and retries of every activity: the one place that answers "how long may a step take?". */
export const ACTIVITY_OPTIONS: Readonly<Record<keyof Activities, ActivityOptions>> = {
  normalize: evidence,
  requestSlot: vendor,
  judgeAdmission: judging,
  findClosedHealings: vendor,
  findWatched: vendor,
  updateClaim: telling,
  updateCard: messages,
  showProgress: messages,
  quietMonitors: telling,
  identifyActor: answering,
  presentChange: telling,
  reason: reasoning,
  askModel: asking,
  reserveBudget: judging,
  settleBudget: telling,
  decidePlan: judging,
  runCommand: sandbox,
  judgeReproduction: judging,
  judgeProbe: judging,
  buildChangeSet: sandbox,
  judgeProof: judging,
  decideChange: judging,
  publish: evidence,
  readChecks: vendor,
  rerunChecks: telling,
  readPullRequest: vendor,
  merge: vendor,
  deploy: vendor,
  readDeployment: vendor,
  readHealth: vendor,
  judgeHealth: judging,
  judgeWatched: judging,
  judgeSignal: judging,
  publishRevert: evidence,
  planAction: vendor,
  performAction: vendor,
  readServiceHealth: vendor,
  withdraw: compensation,
  escalate: messages,
  notify: messages,
  recordAudit: compensation,
  forwardSignals: vendor,
  splitHealings: vendor,
  patrol: walking,
  obeyCommand: vendor,
};

/** Activities that are calls of the forge and little else: they wait in its own queue, at its own rate. */
const FORGE: ReadonlySet<keyof Activities> = new Set([
  'normalize',
  'updateClaim',
  'identifyActor',
  'presentChange',
  'publish',
  'readChecks',
  'rerunChecks',
  'readPullRequest',
  'merge',
  'deploy',
  'readDeployment',
  'publishRevert',
  'planAction',
  'performAction',
  'withdraw',
  'obeyCommand',
]);

/** Activities that run commands of repositories. */
const SANDBOX: ReadonlySet<keyof Activities> = new Set(['runCommand', 'buildChangeSet']);

/** Activities that ask a model: their limits are the vendor's. */
const MODEL: ReadonlySet<keyof Activities> = new Set(['askModel']);

/** Longest fairness key that the server takes, in bytes. */
const MAX_KEY = 64;

/** Where an activity waits, and with whom it shares: no owner's storm keeps another's repository waiting. */
function placeOf(name: keyof Activities): Pick<ActivityOptions, 'taskQueue' | 'priority'> {
  const { taskQueue, workflowId } = workflowInfo();
  // Every id of ours is `<family>/<owner>/...`.
  const owner = workflowId.split('/')[1] ?? '';
  return {
    ...(FORGE.has(name) ? { taskQueue: forgeQueue(taskQueue) } : {}),
    ...(SANDBOX.has(name) ? { taskQueue: sandboxQueue(taskQueue) } : {}),
    ...(MODEL.has(name) ? { taskQueue: modelQueue(taskQueue) } : {}),
    ...(owner === '' ? {} : { priority: { fairnessKey: owner.slice(0, MAX_KEY) } }),
  };
}

/** Calls one activity under its limits; `summary` is the line that people read beside it in the Web UI. */
export function act<Name extends keyof Activities>(
  name: Name,
  summary: string,
  input: Parameters<Activities[Name]>[0],
): ReturnType<Activities[Name]> {
  const call = proxyActivities<{ readonly call: (input: unknown) => Promise<unknown> }>({
    ...ACTIVITY_OPTIONS[name],
    heartbeatTimeout: workerLostMs,
    ...placeOf(name),
  })[name as 'call'];
  return call.executeWithOptions({ summary: label(summary, 150) }, [input]) as ReturnType<Activities[Name]>;
}
