import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/plan.schema.ts';
import { planFingerprint } from '../../src/strategies/ladder.ts';

const plan = (steps: Plan['steps'], title = 'A title'): Plan => ({ strategy: 's', title, rationale: 'because', steps, risk: 'low' });
const content = { sha256: 'a'.repeat(64), size: 1, mediaType: 'text/plain' };

describe('planFingerprint', () => {
  it('is the same for the same steps, whatever the words and the order of keys', () => {
    const one = plan([{ kind: 'write-file', path: 'a', mode: '100644', content }]);
    const other = plan(
      [{ path: 'a', content: { mediaType: 'text/plain', size: 1, sha256: content.sha256 }, mode: '100644', kind: 'write-file' }],
      'Another',
    );
    expect(planFingerprint(other)).toBe(planFingerprint(one));
  });

  it('differs when a step differs', () => {
    expect(planFingerprint(plan([{ kind: 'restore-file', path: 'a', from: 'b'.repeat(40) }]))).not.toBe(
      planFingerprint(plan([{ kind: 'restore-file', path: 'b', from: 'b'.repeat(40) }])),
    );
  });
});
