import type { OverBudget } from '../activities/contract.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { ApprovalDesk } from './approval.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { oneLine } from './plain.ts';

/** What fitted into the budget, or why it does not go on: nobody raised it, or the ground moved while somebody was asked. */
export type Within<Answer> =
  | { readonly kind: 'within'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'changed' }
  | { readonly kind: 'end'; readonly outcome: Outcome };

/** Does what costs something. When the budget ends the healing stands still, with everything it has, until a person raises it or says no. */
export async function withinBudget<Answer extends { readonly kind: string }>(
  record: HealingRecord,
  control: Control,
  desk: ApprovalDesk,
  step: (raised: number) => Promise<Answer | OverBudget>,
): Promise<Within<Exclude<Answer, OverBudget>>> {
  for (;;) {
    const answer = await step(record.raised);
    if (answer.kind !== 'over-budget') return { kind: 'within', answer: answer as Exclude<Answer, OverBudget> };
    const { detail, hash, approvers } = answer as OverBudget;
    record.audit('budget-used', { detail: oneLine(detail, 300), raised: record.raised });
    const from = record.state;
    const said = await desk.ask(control, [detail, 'approve raises the budget of this healing by as much again, reject goes on without'], {
      name: `budget-${record.raised}`,
      wanted: `the budget is used up: ${oneLine(detail, 150)}`,
      move: 'Stands still: the budget is used up, and a person may raise it',
      hash,
      about: { approvers, approval: record.currentIncident.approval ?? { escalate: [] }, paths: [oneLine(detail, 200)] },
    });
    switch (said.kind) {
      case 'approved':
        record.raised += 1;
        record.move(from, `${said.by} raised the budget`);
        continue;
      case 'rejected':
        record.move(from, 'Goes on without: the budget stays as it is');
        return { kind: 'refused', detail: `${detail} ${said.detail}` };
      case 'changed':
        return { kind: 'changed' };
      case 'end':
        return {
          kind: 'end',
          outcome: { kind: 'escalated', reason: 'budget-used', detail: oneLine(`${detail} ${said.outcome.detail}`, 500) },
        };
    }
  }
}
