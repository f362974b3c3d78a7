import { describe, expect, it } from 'vitest';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';
import { configRollback } from '../../src/strategies/config-rollback/index.ts';
import type { StrategyContext } from '../../src/strategies/contract.ts';

const sha = (digit: string): string => digit.repeat(40);

/** A failure since green, with these commits, newest first. */
function since(...commits: ReadonlyArray<readonly [subject: string, path: string]>): StrategyContext {
  const policy = RepositoryPolicy.parse({ version: 1, checks: [{ name: 'test', run: './check.sh' }], config: ['*.txt'] });
  const incident = {
    lastGreenSha: sha('a'),
    commits: commits.map(([subject, path], at) => ({
      sha: sha(String(at)),
      subject,
      author: 'maria',
      at: '2026-11-23T12:00:00.000Z',
      paths: [path],
    })),
  } as unknown as StrategyContext['incident'];
  const diagnosis = { class: 'configuration', cause: 'it changed', confidence: 1, evidence: [] } as unknown as StrategyContext['diagnosis'];
  return {
    incident,
    diagnosis,
    policy,
    digest: null,
    reproduction: null,
    probes: [],
    trials: [],
    answers: [],
    files: [],
    tried: [],
    paths: {},
    defaultHead: null,
    model: false,
    actions: [],
    now: '2026-11-23T12:00:00.000Z',
  };
}

describe('the rollback of configuration', () => {
  it('takes back a file that changed since the check was green', () => {
    expect(configRollback.plan(since(['Tune it', 'config.txt']))).toMatchObject({
      kind: 'plan',
      plan: { steps: [{ kind: 'restore-file', path: 'config.txt', from: sha('a') }] },
    });
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
});
