import { describe, expect, it } from 'vitest';
import type { HealingView } from '../../src/domain/healing-view.ts';
import { type DetailsExtra, describeHealing } from '../../src/workflows/details.ts';

const view = (over: Partial<HealingView> = {}): HealingView => ({
  healingId: 'heal/acme/auth/branch/main',
  repo: { owner: 'acme', name: 'auth' },
  subject: 'branch/main',
  state: 'awaiting-approval',
  attempt: 1,
  title: 'tests fails on main',
  paused: false,
  signals: 3,
  timeline: [
    { at: '2026-11-22T23:59:58.000Z', state: 'reasoning', text: 'Attempt 1 of 3' },
    { at: '2026-11-23T10:00:00.000Z', state: 'awaiting-approval', text: 'Waits for a person' },
  ],
  ...over,
});

const extra = (over: Partial<DetailsExtra> = {}): DetailsExtra => ({ plan: null, proof: null, tried: [], repeats: 0, ...over });

const approval = { changeSetHash: 'c'.repeat(64), approvers: ['mara'], paths: ['config.yaml'], reasons: ['config.yaml: protected'] };

describe('the page of a healing', () => {
  it('says while a person is asked what is to be done, why they are asked, who they are and how they answer', () => {
    const plan = { strategy: 'revert', title: 'Revert 3e4f923c', risk: 'low' } as DetailsExtra['plan'];
    const shown = describeHealing(view({ approval }), extra({ plan }));
    expect(shown).toContain('**Waits for:** a person to approve or reject the change');
    expect(shown).toContain('**Repair:** Revert 3e4f923c (strategy revert, low risk)');
    expect(shown).toContain('- config.yaml: protected');
    expect(shown).toContain('**Who can decide:** mara');
    expect(shown).toContain('suture approve heal/acme/auth/branch/main');
  });

  it('names any maintainer when the policy names nobody', () => {
    expect(describeHealing(view({ approval: { ...approval, approvers: [] } }), extra())).toContain('any maintainer');
  });

  it('says that something is proven only when it is', () => {
    expect(describeHealing(view(), extra({ proof: { verdict: 'proven' } as DetailsExtra['proof'] }))).toContain('**Proof:**');
    expect(describeHealing(view(), extra({ proof: { verdict: 'not-proven' } as unknown as DetailsExtra['proof'] }))).not.toContain(
      '**Proof:**',
    );
  });

  it('ends with an outcome in the place of what it waits for', () => {
    const shown = describeHealing(view({ state: 'closed', outcome: { kind: 'healed', reason: 'verified', detail: 'It held.' } }), extra());
    expect(shown).toContain('**Outcome:** healed (verified): It held.');
    expect(shown).not.toContain('Waits for:');
  });

  it('tells the date of a line only when it is not that of the last', () => {
    const shown = describeHealing(view(), extra());
    expect(shown).toContain('| 2026-11-22 23:59 | reasoning |');
    expect(shown).toContain('| 10:00:00 | awaiting-approval |');
  });

  it('makes no markdown of what outsiders wrote', () => {
    expect(describeHealing(view({ title: '[x](https://evil.example) <b>' }), extra())).toContain(
      '\\[x\\](https:\\/\\/evil.example) \\<b\\>',
    );
  });
});
