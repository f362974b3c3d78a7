import { describe, expect, it } from 'vitest';
import { audience, type NotifyRule } from '../../src/domain/notify-ladder.ts';

const all = ['local', 'slack', 'pagerduty'];
const rules: readonly NotifyRule[] = [
  { kinds: ['approval-wanted', 'reminder', 'card'], notifier: 'slack', to: [] },
  { kinds: ['reminder'], notifier: 'pagerduty', to: ['night'], fromReminder: 2 },
  { kinds: ['outcome'], notifier: 'slack', to: ['C1'], outcomes: ['reverted', 'rejected'] },
  { kinds: ['hand-over'], notifier: 'gone', to: [] },
];
const heard = (...told: Parameters<typeof audience>[2][]) => told.map((each) => audience(rules, all, each).map(({ notifier }) => notifier));

describe('who hears what', () => {
  it('is everybody everything where there are no rules', () => {
    expect(audience([], all, { kind: 'card' })).toEqual(all.map((notifier) => ({ notifier, to: [] })));
  });

  it('goes by kind, by which reminder it is and by how it ended', () => {
    expect(
      heard(
        { kind: 'approval-wanted' },
        { kind: 'reminder', reminder: 1 },
        { kind: 'reminder', reminder: 2 },
        { kind: 'outcome', outcome: 'healed' },
        { kind: 'outcome', outcome: 'reverted' },
        { kind: 'escalation' },
      ),
    ).toEqual([['slack'], ['slack'], ['slack', 'pagerduty'], [], ['slack'], []]);
  });

  it('leaves out a rule for a notifier that is not there', () => {
    expect(heard({ kind: 'hand-over' })).toEqual([[]]);
  });

  it('names nobody twice, and one notifier once for each place', () => {
    const twice: readonly NotifyRule[] = [
      { kinds: ['outcome'], notifier: 'slack', to: ['C1', 'C2'] },
      { kinds: ['outcome', 'reminder'], notifier: 'slack', to: ['C2', 'C1'] },
      { kinds: ['outcome'], notifier: 'slack', to: [] },
    ];
    expect(audience(twice, all, { kind: 'outcome', outcome: 'healed' })).toHaveLength(2);
  });
});
