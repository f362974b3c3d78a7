import { CancellationScope } from '@temporalio/workflow';
import type { PublishedChange, RefusedStep } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Verdict } from '../domain/verdict.schema.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine, plain } from './plain.ts';
import { Poll } from './poll.ts';
import { slimRun } from './slim-runs.ts';
import type { UndoStack } from './undo.ts';

/** `merged` goes on to production; `again` means that the ground moved before anything stood there. */
export type Published =
  | { readonly kind: 'merged'; readonly sha: string }
  | { readonly kind: 'again'; readonly detail: string }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** From the proven change to the merged commit, as far as the autonomy goes. */
export async function publish(record: HealingRecord, control: Control, undo: UndoStack, verdict: Verdict): Promise<Published> {
  const opened = await open(record, control, undo);
  if (opened.kind !== 'open') return opened;
  const merged = await waitForChecks(record, control, undo, opened.change);
  if (merged.kind !== 'green') return merged;
  if (opened.change.ofAuthor) {
    const detail = `Proven and committed to ${opened.change.branch}; its checks are green. Pull request #${opened.change.number} is its author's to merge.`;
    return { kind: 'end', outcome: { kind: 'healed', reason: 'pushed', detail: oneLine(detail, 500) } };
  }
  const { autonomy } = verdict;
  if (autonomy === 'merge' || autonomy === 'deploy') return await merge(record, control, undo, opened.change);
  if (record.input.request && record.currentIncident.service === undefined) {
    return {
      kind: 'end',
      outcome: { kind: 'healed', reason: 'proposed', detail: `Proven, proposed as pull request #${opened.change.number}.` },
    };
  }
  // At this autonomy a person merges.
  return await waitForMerge(record, control, undo, opened.change, {
    note: 'Waits for a person to merge pull request',
    wanted: 'wait for a person to merge',
    retry: false,
  });
}

async function open(
  record: HealingRecord,
  control: Control,
  undo: UndoStack,
): Promise<Published | { readonly kind: 'open'; readonly change: PublishedChange }> {
  const { plan, changeSet, proof, diagnosis, red, green } = record;
  if (plan === null || changeSet === null || proof === null || diagnosis === null || red === null || green === null)
    throw new Error('there is nothing proven to publish');
  record.move('publishing', 'Opens a pull request');
  await control.safePoint();
  const key = `${record.key}/${record.turn}/publish`;
  const settled = undo.push('the pull request and its branch', () => withdraw(record, key));
  const published = await act('publish', `open a pull request: ${plan.title}`, {
    key,
    healingId: record.id,
    dossier: record.currentIncident.dossier,
    diagnosis,
    plan,
    changeSet,
    proof,
    red: { ...slimRun(red.run, 1_000), excerpt: red.run.excerpt.slice(-1_000) },
    green: { ...slimRun(green, 0), excerpt: green.excerpt.slice(-500) },
    ...(record.input.webUiUrl === undefined ? {} : { webUiUrl: record.input.webUiUrl }),
  });
  if (published.kind === 'refused') return await refusedToOpen(record, undo, published);
  record.change = published.change;
  settled();
  record.step('proposed', `Pull request #${published.change.number} is open`, { sha: published.change.headSha });
  record.audit('published', { number: published.change.number, branch: published.change.branch, head: published.change.headSha });
  record.move(
    'waiting-for-checks',
    published.change.ofAuthor ? `Committed to ${published.change.branch}` : `Pull request #${published.change.number} is open`,
  );
  await record.claim([`Pull request #${published.change.number}: ${published.change.url}`, `Proven: ${plan.title}`]);
  return { kind: 'open', change: published.change };
}

async function refusedToOpen(record: HealingRecord, undo: UndoStack, refused: RefusedStep): Promise<Published> {
  record.audit('publish-refused', { reason: refused.reason });
  const detail = oneLine(refused.detail, 500);
  switch (refused.reason) {
    case 'head-moved':
    case 'conflict':
      await CancellationScope.nonCancellable(() => undo.run(record, { kind: 'superseded', reason: 'head-moved', detail }));
      return { kind: 'again', detail };
    case 'closed':
      undo.clear();
      return { kind: 'end', outcome: { kind: 'rejected', reason: 'person-said-no-before', detail } };
    default:
      return { kind: 'end', outcome: { kind: 'escalated', reason: 'policy-refused', detail } };
  }
}

type Checked = Published | { readonly kind: 'green' };

/** Checks by event, with a slow poll behind it; a person may close or merge meanwhile. */
async function waitForChecks(record: HealingRecord, control: Control, undo: UndoStack, change: PublishedChange): Promise<Checked> {
  const { checkPollMs, checkTimeoutMs } = record.input.settings.timings;
  const poll = new Poll(control, checkPollMs, checkTimeoutMs, 'until the next look at the checks');
  // Into which branch an author's own change goes is not known here.
  const branch = change.ofAuthor ? {} : { branch: record.currentIncident.targetBranch };
  for (let silent = 0; ; ) {
    const checks = await act('readChecks', 'read the checks', { repo: record.input.repo, sha: change.headSha, ...branch });
    if (checks.state === 'red')
      return { kind: 'end', outcome: { kind: 'escalated', reason: 'checks-failed', detail: oneLine(checks.detail, 500) } };
    if (checks.state === 'none') silent += 1;
    // Where nobody asked for this run, checks may begin a moment after the pull request: none at all must be seen twice.
    if (checks.state === 'green' || silent > (record.input.request ? 0 : 1)) {
      record.note(checks.state === 'green' ? 'Its checks are green' : 'It has no checks');
      record.audit('checks', { state: checks.state });
      record.progress.mark('green');
      return { kind: 'green' };
    }
    const person = await readPerson(record, undo, change);
    if (person !== null) return person;
    if (!(await poll.wait()))
      return { kind: 'end', outcome: { kind: 'escalated', reason: 'checks-timed-out', detail: oneLine(checks.detail, 500) } };
  }
}

/** What a person did to the pull request; null while it is open. */
async function readPerson(record: HealingRecord, undo: UndoStack, change: PublishedChange): Promise<Published | null> {
  const facts = await act('readPullRequest', `look at pull request #${change.number}`, { repo: record.input.repo, number: change.number });
  if (facts.state === 'merged') {
    record.mergeSha = facts.mergeSha ?? facts.headSha;
    undo.clear();
    record.audit('merged', { sha: record.mergeSha }, facts.closedBy ?? 'unknown');
    const by = `Merged by ${facts.closedBy ?? 'a person'}`;
    record.step('merged', by, { sha: record.mergeSha });
    if (record.state === 'merging') record.note(by);
    else record.move('merging', by);
    return { kind: 'merged', sha: record.mergeSha };
  }
  if (facts.state === 'closed') {
    return {
      kind: 'end',
      outcome: {
        kind: 'rejected',
        reason: 'person-said-no',
        detail: oneLine(`${facts.closedBy ?? 'A person'} closed pull request #${change.number}.`, 500),
      },
    };
  }
  return null;
}

/** How a pull request that is proven and green comes to be merged by somebody else. */
interface Wait {
  readonly note: string;
  /** What people are reminded of. */
  readonly wanted: string;
  /** Whether we try again ourselves: a rule that refused may be met by now. */
  readonly retry: boolean;
}

/** Reminders up the ladder until it is merged, by a person, by the forge, or by us once its rules are met; then it is left to people. */
async function waitForMerge(
  record: HealingRecord,
  control: Control,
  undo: UndoStack,
  change: PublishedChange,
  wait: Wait,
): Promise<Published> {
  const { approvalReminderMs, approvalReminders, checkPollMs } = record.input.settings.timings;
  record.note(`${wait.note} #${change.number}`);
  for (let rung = 0; rung <= approvalReminders; rung += 1) {
    const poll = new Poll(
      control,
      Math.max(checkPollMs, approvalReminderMs / 8),
      approvalReminderMs,
      `${wait.wanted}, ${rung + 1}/${approvalReminders + 1}`,
    );
    do {
      const person = await readPerson(record, undo, change);
      if (person !== null) return person;
      // Only after a wait: the refusal that brought us here is fresh.
    } while ((await poll.wait()) && !(wait.retry && (await mergedNow(record, control, undo, change))));
    if (record.mergeSha !== null) return { kind: 'merged', sha: record.mergeSha };
    if (rung < approvalReminders) {
      const text = `reminder ${rung + 1} of ${approvalReminders}: pull request #${change.number} is proven and waits to be merged: ${record.title}`;
      record.note(`Reminder ${rung + 1} of ${approvalReminders}`);
      const reminder = rung + 1;
      record.tell('a reminder', () =>
        act('notify', 'remind', {
          key: `${record.key}/merge/${reminder}`,
          healingId: record.id,
          kind: 'reminder',
          text: plain(text, 500),
          reminder,
        }),
      );
    }
  }
  return {
    kind: 'end',
    outcome: {
      kind: 'expired',
      reason: 'approval-expired',
      detail: `Nobody merged pull request #${change.number} in time; it stays open.`,
    },
  };
}

/** One try to merge what waits for a rule; true once it is merged. */
async function mergedNow(record: HealingRecord, control: Control, undo: UndoStack, change: PublishedChange): Promise<boolean> {
  await control.safePoint();
  return (await tryMerge(record, undo, change)).kind === 'merged';
}

/** Merges; a merge that was sent is not taken back half-way: its answer is awaited even when somebody stops the healing now. */
async function tryMerge(
  record: HealingRecord,
  undo: UndoStack,
  change: PublishedChange,
): Promise<{ readonly kind: 'merged'; readonly sha: string } | RefusedStep> {
  const merged = await CancellationScope.nonCancellable(() =>
    act('merge', `merge pull request #${change.number}`, {
      key: `${record.key}/${record.turn}/merge`,
      healingId: record.id,
      repo: record.input.repo,
      number: change.number,
      expectedHead: change.headSha,
    }),
  );
  if (merged.kind === 'merged') {
    record.mergeSha = merged.sha;
    undo.clear();
    record.step('merged', 'Merged', { sha: merged.sha });
    record.audit('merged', { sha: merged.sha });
    record.note(`Merged as ${merged.sha.slice(0, 10)}`);
  }
  return merged;
}

async function merge(record: HealingRecord, control: Control, undo: UndoStack, change: PublishedChange): Promise<Published> {
  const fresh = await control.refresh();
  if (fresh.kind === 'end') return fresh;
  record.move('merging', `Merges pull request #${change.number}`);
  await control.safePoint();
  const merged = await tryMerge(record, undo, change);
  if (merged.kind === 'merged') return merged;
  record.audit('merge-refused', { reason: merged.reason });
  if (merged.reason === 'protected') {
    const why = oneLine(merged.detail, 200);
    return await waitForMerge(record, control, undo, change, {
      note: `A rule of the repository wants a person first (${why}); waits with pull request`,
      wanted: 'wait until the rules of the repository are met',
      retry: true,
    });
  }
  if (merged.reason === 'queued') {
    return await waitForMerge(record, control, undo, change, {
      note: 'The forge merges when its rules are met: pull request',
      wanted: 'wait for the merge queue',
      retry: false,
    });
  }
  const person = await readPerson(record, undo, change);
  if (person !== null) return person;
  return {
    kind: 'end',
    outcome: { kind: 'escalated', reason: 'merge-refused', detail: oneLine(`${merged.reason}: ${merged.detail}`, 500) },
  };
}

function withdraw(record: HealingRecord, key: string): Promise<void> {
  const { change } = record;
  return act('withdraw', 'close the pull request and delete its branch', {
    key,
    healingId: record.id,
    repo: record.input.repo,
    change: change === null ? {} : { number: change.number, branch: change.branch },
    comment: `This healing ended: ${record.outcome?.reason ?? 'it starts over'}.`,
  });
}
