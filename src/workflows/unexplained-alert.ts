import { condition } from '@temporalio/workflow';
import type { AlertSummary } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import { actOnProduction, causeFound, type Explained } from './acting.ts';
import type { Admission } from './admission.ts';
import type { ApprovalDesk } from './approval.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';

/** An alert stands and nothing in the repository shows why: it joins who watches that service, waits for what explains it, and is acted on where the server's owner allowed that. */
export async function explain(
  record: HealingRecord,
  control: Control,
  admission: Admission,
  desk: ApprovalDesk,
  alert: AlertSummary,
  outcome: Outcome,
): Promise<Explained> {
  const joined = await admission.joinWatched(alert.service);
  if (joined !== null) return { kind: 'end', outcome: joined };
  const admitted = await admission.obtain(control);
  if (admitted.kind === 'end') return admitted;
  const waited = await waitForCause(record, control, alert.waitMs);
  if (waited !== null) return waited;
  const acted = await actOnProduction(record, control, desk, alert, outcome.detail);
  if (acted === 'explained') return { kind: 'incident' };
  // What came while production was looked at may be the cause after all.
  const open = acted === null || acted.kind === 'healed' || acted.reason === 'still-failing-after-deploy';
  return (open ? await causeFound(record, control) : null) ?? { kind: 'end', outcome: acted ?? outcome };
}

/** The check that fails may be reported after the alert: late, and as another healing that joins this one. Null when the time passed. */
async function waitForCause(record: HealingRecord, control: Control, waitMs: number): Promise<Explained | null> {
  const until = Date.now() + waitMs;
  record.move('correlating', 'Waits for what explains the alert');
  for (;;) {
    const found = await causeFound(record, control);
    const left = until - Date.now();
    if (found !== null || left <= 0) return found;
    await condition(() => control.wantsRefresh, left, { summary: 'wait for what explains the alert' });
  }
}
