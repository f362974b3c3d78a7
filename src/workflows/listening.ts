import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { DecisionRefusal, StopRequest } from '../domain/messages.ts';
import type { Admission } from './admission.ts';
import type { ApprovalDesk } from './approval.ts';
import type { Control } from './control.ts';
import { Delegation } from './delegation.ts';
import type { HealingRecord } from './healing-record.ts';
import * as messages from './messages.ts';
import { oneLine } from './plain.ts';
import { Splitting } from './splitting.ts';
import { handleUpdate } from './updates.ts';

/** Registers every handler, synchronously and before anything is awaited: messages may be there before the story begins. */
export function listen(record: HealingRecord, control: Control, admission: Admission, desk: ApprovalDesk): void {
  const stopped = new Set<string>();
  const stopRefusal = (request: StopRequest): { readonly type: DecisionRefusal; readonly message: string } | null => {
    if (stopped.has(request.id)) return null;
    if (record.over || control.ending) return { type: 'HealingEnded', message: 'this healing has ended' };
    if (request.actor.trust === 'outsider') return { type: 'NotAnApprover', message: `${request.actor.id} may not stop this` };
    return null;
  };
  const stop = (request: StopRequest) => {
    if (stopped.has(request.id)) return { accepted: true, state: record.state };
    stopped.add(request.id);
    const by = oneLine(`${request.actor.id}: ${request.comment}`, 400);
    record.note(`Stopped by ${by}`);
    record.decision = { verdict: 'stop', by: request.actor.id };
    record.audit('stopped', { comment: oneLine(request.comment, 300) }, request.actor.id);
    record.showCard();
    control.end({ kind: 'cancelled', reason: 'stopped-by-person', detail: `Stopped by ${by}` });
    return { accepted: true, state: record.state };
  };

  setHandler(messages.healingView, () => record.view(), { description: 'Where the healing stands.' });
  setHandler(
    messages.incidentEvent,
    (signal) => {
      record.inbox.accept(signal);
      record.show();
    },
    { description: 'A fact arrived: a check, an alert, a push, a command.' },
  );
  setHandler(messages.admission, (answer) => admission.answer(answer), { description: 'The coordinator of the repository answered.' });
  handleUpdate(messages.decideApproval, {
    validate: (decision) => desk.validate(decision),
    take: (decision) => desk.take(decision),
    description: 'Approve or reject the change set that was proven.',
  });
  setHandler(messages.decideApprovalLater, (decision) => desk.takeLater(decision), {
    description: 'The same, stored while no worker answered.',
  });
  const delegation = new Delegation(record, desk);
  handleUpdate(messages.delegateApproval, {
    validate: (request) => delegation.validate(request),
    take: (request) => delegation.take(request),
    description: 'Hand the decision on the change set to somebody else.',
  });
  setHandler(messages.delegateApprovalLater, (request) => delegation.takeLater(request), {
    description: 'The same, stored while no worker answered.',
  });
  handleUpdate(messages.cancelHealing, {
    take: stop,
    validate: (request) => {
      const refusal = stopRefusal(request);
      if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.type);
    },
    description: 'Stop this healing now and take back what it left.',
  });
  setHandler(
    messages.cancelHealingLater,
    (request) => {
      if (typeof request?.actor?.id !== 'string' || typeof request.comment !== 'string') return;
      const refusal = stopRefusal(request);
      if (refusal === null) stop(request);
      else record.note(`A stop did not count: ${refusal.type}`);
    },
    { description: 'The same, stored while no worker answered.' },
  );
  const splitting = new Splitting(record, control);
  handleUpdate(messages.splitHealing, {
    validate: (request) => splitting.validate(request),
    take: (request) => splitting.take(request),
    description: 'Give back what was joined from another healing.',
  });
  setHandler(messages.splitHealingLater, (request) => splitting.takeLater(request), {
    description: 'The same, stored while no worker answered.',
  });
  setHandler(
    messages.setPaused,
    (request) => {
      if (request.paused === record.paused || request.actor.trust === 'outsider') return;
      record.paused = request.paused;
      record.note(`${request.paused ? 'Paused' : 'Resumed'} by ${request.actor.id}`);
      record.audit(request.paused ? 'paused' : 'resumed', {}, request.actor.id);
    },
    { description: 'Stop at the next safe point, or go on.' },
  );
}
