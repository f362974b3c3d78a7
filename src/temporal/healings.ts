import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  defaultPayloadConverter,
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from '@temporalio/common';
import type { ApprovalDecision } from '../domain/decision.schema.ts';
import type { HealingView } from '../domain/healing-view.ts';
import { commandId, coordinatorId, healingId } from '../domain/ids.ts';
import {
  type ApartRequest,
  COORDINATOR_MESSAGES,
  type CoordinatorView,
  DECISION_REFUSALS,
  type DecisionReceipt,
  type DecisionRefusal,
  type DelegateRequest,
  HEALING_MESSAGES,
  type PauseRequest,
  type SlotRequest,
  type SplitRequest,
  type StopRequest,
  WORKFLOW_TYPES,
} from '../domain/messages.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import type { HealingInput } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { forgeQueue } from '../domain/task-queues.ts';
import { isAway, orUnavailable } from './connection.ts';
import type { DecisionResult, HealingListing, Healings } from './contract.ts';

/** Slack wants an answer within 3 s, so an Update gets less and a Signal is the fallback. */
const UPDATE_DEADLINE_MS = 2500;
const CALL_DEADLINE_MS = 5000;

/** All but the runs of a healing after which it went on watching production in another one: that one stands for it. */
const WATCHES_ON = "(ExecutionStatus != 'ContinuedAsNew' OR SutureState != 'watching')";

/** `TASK_QUEUE_TYPE_ACTIVITY` of the server's API. */
const ACTIVITY_QUEUE = 2;

const repoKey = defineSearchAttributeKey('SutureRepo', SearchAttributeType.KEYWORD);
const subjectKey = defineSearchAttributeKey('SutureSubject', SearchAttributeType.KEYWORD);
const stateKey = defineSearchAttributeKey('SutureState', SearchAttributeType.KEYWORD);

function firstText(value: unknown): string {
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : '';
}

/** The only door to Temporal, on one client. `webUi` is the base URL of the Web UI. */
export function createHealings(
  client: Client,
  options: { readonly taskQueue: string; readonly namespace: string; readonly webUi?: string },
): Healings {
  const within = <T>(ms: number, call: () => Promise<T>) => orUnavailable(() => client.connection.withDeadline(Date.now() + ms, call));

  async function signalRunning(id: string, name: string, argument: unknown): Promise<boolean> {
    try {
      await within(CALL_DEADLINE_MS, () => client.workflow.getHandle(id).signal(name, argument));
      return true;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  async function updateOrSignal(
    id: string,
    update: string,
    fallback: string,
    argument: ApprovalDecision | DelegateRequest | SplitRequest | StopRequest,
  ): Promise<DecisionResult> {
    try {
      const receipt = await client.connection.withDeadline(Date.now() + UPDATE_DEADLINE_MS, () =>
        client.workflow
          .getHandle(id)
          .executeUpdate<DecisionReceipt, [ApprovalDecision | DelegateRequest | SplitRequest | StopRequest]>(update, {
            args: [argument],
            updateId: argument.id,
          }),
      );
      return { kind: 'applied', receipt };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { kind: 'not-found' };
      if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
        const reason = DECISION_REFUSALS.find((refusal) => refusal === (error.cause as ApplicationFailure).type);
        return { kind: 'refused', reason: reason ?? ('HealingEnded' satisfies DecisionRefusal), detail: error.cause.message };
      }
      if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) && !isAway(error)) throw error;
      // No worker answered in time: the server keeps a signal until one does.
      return (await signalRunning(id, fallback, argument)) ? { kind: 'stored' } : { kind: 'not-found' };
    }
  }

  async function startCoordinator(repo: RepoRef, signal: string, argument: SlotRequest | ApartRequest | PauseRequest): Promise<void> {
    await within(CALL_DEADLINE_MS, () =>
      client.workflow.signalWithStart(WORKFLOW_TYPES.coordinator, {
        workflowId: coordinatorId(repo),
        taskQueue: options.taskQueue,
        args: [{ repo: { owner: repo.owner, name: repo.name } }],
        signal,
        signalArgs: [argument],
        staticSummary: `Coordinates healings of ${repo.owner}/${repo.name}`,
        typedSearchAttributes: new TypedSearchAttributes([{ key: repoKey, value: `${repo.owner}/${repo.name}` }]),
      }),
    );
  }

  return {
    async report(input: HealingInput, signal: Signal) {
      const id = healingId(input.repo, input.subject);
      const handle = await within(CALL_DEADLINE_MS, () =>
        client.workflow.signalWithStart(WORKFLOW_TYPES.healing, {
          workflowId: id,
          taskQueue: options.taskQueue,
          args: [input],
          signal: HEALING_MESSAGES.incidentEvent,
          signalArgs: [signal],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          staticSummary: `Heals ${input.repo.owner}/${input.repo.name}, ${input.subject}`,
          staticDetails: `One healing of **${input.repo.owner}/${input.repo.name}**, subject \`${input.subject}\`.\n\nThe current details say what broke, what it waits for, who can decide and what was tried.\n\n\`suture cancel ${id}\` stops it; \`suture pause ${input.repo.owner}/${input.repo.name}\` holds every healing of the repository.`,
          typedSearchAttributes: new TypedSearchAttributes([
            { key: repoKey, value: `${input.repo.owner}/${input.repo.name}` },
            { key: subjectKey, value: input.subject },
            { key: stateKey, value: 'received' },
          ]),
        }),
      );
      return { healingId: id, runId: handle.signaledRunId };
    },
    forward: (id, signal) => signalRunning(id, HEALING_MESSAGES.incidentEvent, signal),
    async command(signal, settings) {
      try {
        await within(CALL_DEADLINE_MS, () =>
          client.workflow.start(WORKFLOW_TYPES.command, {
            workflowId: commandId(signal.repo, signal.id),
            taskQueue: options.taskQueue,
            args: [{ signal, settings }],
            workflowIdConflictPolicy: 'USE_EXISTING',
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            typedSearchAttributes: new TypedSearchAttributes([
              { key: repoKey, value: `${signal.repo.owner}/${signal.repo.name}` },
              { key: subjectKey, value: signal.subject },
            ]),
          }),
        );
      } catch (error) {
        // Delivered again after it was obeyed.
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },
    async limitForge(perSecond, reason) {
      await within(CALL_DEADLINE_MS, () =>
        client.workflowService.updateTaskQueueConfig({
          namespace: options.namespace,
          identity: 'suture',
          taskQueue: forgeQueue(options.taskQueue),
          taskQueueType: ACTIVITY_QUEUE,
          updateQueueRateLimit: {
            ...(perSecond === null ? {} : { rateLimit: { requestsPerSecond: perSecond } }),
            reason: reason.slice(0, 200),
          },
        }),
      );
    },
    requestSlot: (repo, request) => startCoordinator(repo, COORDINATOR_MESSAGES.requestSlot, request),
    decide: (id, decision) =>
      orUnavailable(() => updateOrSignal(id, HEALING_MESSAGES.decideApproval, HEALING_MESSAGES.decideApprovalLater, decision)),
    delegate: (id, request) =>
      orUnavailable(() => updateOrSignal(id, HEALING_MESSAGES.delegateApproval, HEALING_MESSAGES.delegateApprovalLater, request)),
    split: (id, request) =>
      orUnavailable(() => updateOrSignal(id, HEALING_MESSAGES.splitHealing, HEALING_MESSAGES.splitHealingLater, request)),
    setApart: (repo, request) => startCoordinator(repo, COORDINATOR_MESSAGES.setApart, request),
    stop: (id, request) =>
      orUnavailable(() => updateOrSignal(id, HEALING_MESSAGES.cancelHealing, HEALING_MESSAGES.cancelHealingLater, request)),
    pauseHealing: (id, request) => signalRunning(id, HEALING_MESSAGES.setPaused, request),
    pauseRepository: (repo, request) => startCoordinator(repo, COORDINATOR_MESSAGES.setPaused, request),
    async view(id) {
      try {
        return await within(CALL_DEADLINE_MS, () => client.workflow.getHandle(id).query<HealingView>(HEALING_MESSAGES.healingView));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    async coordinator(repo) {
      try {
        return await within(CALL_DEADLINE_MS, () =>
          client.workflow.getHandle(coordinatorId(repo)).query<CoordinatorView>(COORDINATOR_MESSAGES.coordinatorView),
        );
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    async list({ running, limit, repo }) {
      const query = [
        `WorkflowType = '${WORKFLOW_TYPES.healing}'`,
        ...(running ? ["ExecutionStatus = 'Running'"] : [WATCHES_ON]),
        ...(repo === undefined ? [] : [`SutureRepo = '${repo.owner}/${repo.name}'`]),
      ].join(' AND ');
      const found: HealingListing[] = [];
      await orUnavailable(async () => {
        for await (const execution of client.workflow.list({ query, pageSize: Math.min(limit, 200) })) {
          const attributes = execution.searchAttributes as Readonly<Record<string, unknown>>;
          found.push({
            healingId: execution.workflowId,
            runId: execution.runId,
            running: execution.status.name === 'RUNNING',
            startedAt: execution.startTime.toISOString(),
            state: firstText(attributes['SutureState']),
            outcome: firstText(attributes['SutureOutcome']),
          });
          if (found.length >= limit) break;
        }
      });
      return found;
    },
    async findClosed(healings) {
      const closed = await Promise.all(
        healings.map(async ({ healingId: id, runId }) => {
          try {
            const description = await within(CALL_DEADLINE_MS, () => client.workflow.getHandle(id, runId).describe());
            return description.status.name === 'RUNNING' ? null : id;
          } catch (error) {
            if (error instanceof WorkflowNotFoundError) return id;
            throw error;
          }
        }),
      );
      return closed.filter((id) => id !== null);
    },
    async running(id) {
      try {
        const { raw } = await within(CALL_DEADLINE_MS, () => client.workflow.getHandle(id).describe());
        return (raw.pendingActivities ?? []).map(({ activityType, attempt, heartbeatDetails }) => {
          const [payload] = heartbeatDetails?.payloads ?? [];
          const said =
            payload === undefined ? {} : (defaultPayloadConverter.fromPayload<Readonly<Record<string, unknown>> | null>(payload) ?? {});
          const text = (name: string): string => (typeof said[name] === 'string' ? said[name] : '');
          return {
            activity: activityType?.name ?? '',
            attempt: attempt ?? 1,
            job: text('name'),
            last: text('last'),
            bytes: typeof said['bytes'] === 'number' ? said['bytes'] : 0,
            tail: text('tail'),
          };
        });
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    async ping() {
      await within(2000, () => client.workflowService.getSystemInfo({}));
    },
    webUiUrl: (id, runId) =>
      options.webUi === undefined
        ? undefined
        : `${options.webUi}/namespaces/${encodeURIComponent(options.namespace)}/workflows/${encodeURIComponent(id)}${runId === undefined ? '' : `/${runId}/history`}`,
  };
}
