import { describe, expect, it } from 'vitest';
import type { ChangeSetRef } from '../../../src/domain/change-set.schema.ts';
import type { Incident } from '../../../src/domain/incident.schema.ts';
import type { Plan } from '../../../src/domain/plan.schema.ts';
import { decideChange } from '../../../src/domain/policy/decide-change.ts';
import type { Proof } from '../../../src/domain/proof.schema.ts';
import { RepositoryPolicy } from '../../../src/domain/repository-policy.schema.ts';

const plan: Plan = {
  strategy: 'revert',
  title: 'Revert it',
  rationale: 'it broke',
  steps: [{ kind: 'revert-commit', sha: 'a'.repeat(40) }],
  risk: 'low',
};
const proven = { verdict: 'proven', reasons: [] } as unknown as Proof;
const judge = (over: Partial<Parameters<typeof decideChange>[0]> = {}) =>
  decideChange({
    incident: { trust: 'system' } as unknown as Incident,
    policy: RepositoryPolicy.parse({ version: 1, autonomy: 'merge', maxFiles: 2, maxBytes: 100, protectedPaths: ['auth/**'] }),
    plan,
    changeSet: {} as unknown as ChangeSetRef,
    bytes: 10,
    paths: ['app.py'],
    proof: proven,
    ...over,
  });
const codes = (over: Partial<Parameters<typeof decideChange>[0]>) => judge(over).reasons.map(({ code }) => code);

describe('a proven change', () => {
  it('may go as far as the policy says', () => {
    expect(judge()).toMatchObject({ decision: 'allow', autonomy: 'merge' });
  });

  it.each([
    ['what fails concerns security', { failureClass: 'security-sensitive' }, 'security-sensitive'],
    ['its strategy proves little', { plan: { ...plan, always: 'ask' } }, 'proves-little'],
    ['its plan is risky', { plan: { ...plan, risk: 'high' } }, 'high-risk'],
    ['it changes more files than the policy allows', { paths: ['a', 'b', 'c'] }, 'many-files'],
    ['it writes more bytes than the policy allows', { bytes: 101 }, 'large'],
    ['it touches what the policy protects', { paths: ['auth/login.py'] }, 'path-protected'],
  ] as const)('asks a person where %s', (_why, over, code) => {
    expect(judge(over as Partial<Parameters<typeof decideChange>[0]>).decision).toBe('ask');
    expect(codes(over as Partial<Parameters<typeof decideChange>[0]>)).toEqual([code]);
  });

  it.each([
    ['it is not proven', { proof: { ...proven, verdict: 'newly-red', reasons: ['x'] } }, 'not-proven'],
    ['an outsider reported it', { incident: { trust: 'outsider' } }, 'outsider'],
  ] as const)('is refused where %s', (_why, over, code) => {
    expect(judge(over as unknown as Partial<Parameters<typeof decideChange>[0]>).decision).toBe('refuse');
    expect(codes(over as unknown as Partial<Parameters<typeof decideChange>[0]>)).toEqual([code]);
  });
});
