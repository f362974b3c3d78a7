import { describe, expect, it } from 'vitest';
import { configRollback } from '../../src/strategies/config-rollback/index.ts';
import type { StrategyContext } from '../../src/strategies/contract.ts';
import { afterTrying, answered, commitOf, contextOf, GREEN } from './context.ts';

/** A failure since green, with these commits, newest first. */
function since(...commits: ReadonlyArray<readonly [subject: string, path: string]>): StrategyContext {
  return contextOf({
    kind: 'configuration',
    policy: { config: ['*.txt'] },
    commits: commits.map(([subject, path], at) => commitOf(String(at).repeat(40), { subject, paths: [path] })),
  });
}

describe('the rollback of configuration', () => {
  it('takes back a file that changed since the check was green', () => {
    const context = since(['Tune it', 'config.txt']);
    expect(configRollback.rank(context)).toMatchObject({ score: 80 });
    const answer = answered(configRollback, context);
    expect(answer).toMatchObject({ kind: 'plan', plan: { steps: [{ kind: 'restore-file', path: 'config.txt', from: GREEN }] } });
    expect(answered(configRollback, afterTrying(context, answer))).toMatchObject({ refusal: { code: 'all-tried' } });
  });

  it.each(['Revert "Restore config.txt to the last green content"', 'revert 1a2b3c4d5e'])(
    'does not undo what a person reverted: %s',
    (subject) => {
      const context = since([subject, 'config.txt']);
      expect(configRollback.rank(context)).toMatchObject({ score: null, refusal: { code: 'no-config-changed' } });
      expect(configRollback.plan(context)).toMatchObject({ kind: 'refused' });
    },
  );

  it('still takes back another file beside a reverted one', () => {
    const answer = configRollback.plan(since(['Revert it', 'config.txt'], ['Tune the other', 'other.txt']));
    expect(answer).toMatchObject({ kind: 'plan', plan: { steps: [{ path: 'other.txt' }] } });
  });

  it('takes nothing back where no green revision is known', () => {
    const { lastGreenSha: _, ...incident } = since(['Tune it', 'config.txt']).incident;
    expect(configRollback.rank({ ...since(), incident })).toMatchObject({ refusal: { code: 'no-green-revision' } });
  });
});
