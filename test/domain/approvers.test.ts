import { describe, expect, it } from 'vitest';
import { deciders, groupsOf, isApprover, readApprover } from '../../src/domain/approvers.ts';

const ada = { id: 'ada', trust: 'maintainer' } as const;

describe('an entry of approvers', () => {
  it.each([
    ['ada', { kind: 'actor', id: 'ada' }],
    ['slack:U0123', { kind: 'actor', id: 'slack:U0123' }],
    ['slack-group:S0123', { kind: 'group', name: 'slack-group:S0123' }],
    ['github-team:acme/platform', { kind: 'group', name: 'github-team:acme/platform' }],
    ['role:maintainer', { kind: 'role', trust: 'maintainer' }],
  ])('%s is read', (text, read) => {
    expect(readApprover(text)).toEqual(read);
  });

  it.each(['role:owner', 'slack-group:everybody', 'github-team:platform', 'github-team:acme/a b', 'two words', ''])(
    '%j is refused with what it must look like',
    (text) => {
      expect(typeof readApprover(text)).toBe('string');
    },
  );

  it('says which of them a vendor must be asked about', () => {
    expect(groupsOf(['ada', 'role:maintainer', 'slack-group:S0123', 'github-team:acme/ops'], 'github-team:')).toEqual([
      'github-team:acme/ops',
    ]);
  });
});

describe('an approver', () => {
  it('is any maintainer where nobody is named', () => {
    expect(isApprover([], ada)).toBe(true);
    expect(isApprover([], { id: 'ada', trust: 'collaborator' })).toBe(false);
  });

  it('is who is named, is in a confirmed group, or has the role', () => {
    expect(isApprover(['ada'], { id: 'ada', trust: 'collaborator' })).toBe(true);
    expect(isApprover(['slack-group:S1A'], { id: 'bob', trust: 'collaborator', groups: ['slack-group:S1A'] })).toBe(true);
    expect(isApprover(['role:collaborator'], ada)).toBe(true);
    expect(isApprover(['role:maintainer'], { id: 'bob', trust: 'collaborator' })).toBe(false);
  });

  it('is nobody else: a group as a name, a name as a group, an unreadable entry', () => {
    expect(isApprover(['slack-group:S1A'], { id: 'slack-group:S1A', trust: 'maintainer' })).toBe(false);
    expect(isApprover(['ada'], { id: 'bob', trust: 'maintainer', groups: ['ada'] })).toBe(false);
    expect(isApprover(['role:owner'], { id: 'role:owner', trust: 'maintainer', groups: ['role:owner'] })).toBe(false);
  });

  it('is never an outsider or a machine, whatever names them', () => {
    for (const trust of ['outsider', 'system'] as const) {
      const actor = { id: 'ada', trust, groups: ['slack-group:S1A', 'role:maintainer'] };
      for (const approvers of [[], ['ada'], ['slack-group:S1A'], ['role:maintainer'], ['role:collaborator']])
        expect(isApprover(approvers, actor)).toBe(false);
    }
  });

  it('is named to people, delegates included', () => {
    expect(deciders({ approvers: [] })).toBe('any maintainer of the repository');
    expect(deciders({ approvers: ['ada'], delegates: ['bob'] })).toBe('ada, bob');
  });
});
