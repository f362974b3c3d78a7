import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { activityInfo } from '@temporalio/activity';
import type { Activities } from '../src/activities/contract.ts';
import type { ArtifactRef } from '../src/domain/names.schema.ts';
import type { RunFacts } from '../src/domain/proof.schema.ts';
import { runWorkerProcess } from '../src/worker.ts';
import { runFacts } from '../test/support/run-facts.ts';
import { scriptedProduction, unexplained } from './scripted-production.ts';

/** The real worker with the real bundle; activities that would work on a repository answer from a script that ends in front of a person. */
const sha = 'a'.repeat(40);
const artifact = (digit: string): ArtifactRef => ({ sha256: digit.repeat(64), size: 1234, mediaType: 'application/json' });
const subject = (): string => activityInfo().workflowExecution?.workflowId ?? '';
/** Monitors whose number ends in 0 lead to a change that a person is asked about; the rest to a question about a production action. */
const asksForChange = (): boolean => /0:[^/]*$/.test(subject());
/** Monitors whose number ends in 9 are healed without a person and then watched. */
const alone = (): boolean => /9:[^/]*$/.test(subject());

const run = (name: string, exitCode: number): RunFacts =>
  runFacts({
    name,
    exitCode,
    durationMs: 200,
    log: artifact('1'),
    excerpt: 'FAIL test_login: expected 200, got 401\n'.repeat(20),
    report: {
      passed: 10,
      failed: exitCode === 0 ? 0 : 2,
      skipped: 0,
      failedTests: ['test_login', 'test_token_validation'],
      artifact: artifact('2'),
    },
  });

/** Whether some are to be watched: where the bench put a file of this name into the state folder. */
const WATCHED = process.env['SUTURE_STATE_DIR'] !== undefined && existsSync(join(process.env['SUTURE_STATE_DIR'], 'watched'));

const SCRIPT: Partial<Activities> = {
  normalize: async ({ repo }) =>
    WATCHED && !alone() && !asksForChange()
      ? unexplained(repo.name)
      : {
          kind: 'incident',
          incident: {
            dossier: artifact('d'),
            signature: subject(),
            title: `unit fails in ${repo.name}: test_login, test_token_validation`,
            kind: 'alert',
            targetBranch: 'main',
            headSha: sha,
            command: 'unit',
            wider: ['unit'],
            failingTests: ['test_login', 'test_token_validation'],
            service: repo.name,
            environment: 'production',
            autonomy: 'propose',
            attempts: 3,
            approvers: [],
            untrusted: false,
          },
        },
  judgeAdmission: async () => ({ kind: 'granted', attemptsUsed: 0 }),
  reserveBudget: async () => ({ kind: 'reserved' }),
  updateClaim: async () => undefined,
  updateCard: async () => undefined,
  presentChange: async () => ({ diff: artifact('6') }),
  reason: async () => ({
    kind: 'plan',
    diagnosis: { class: 'configuration', cause: 'config.yaml changed', confidence: 0.9, evidence: [] },
    plan: {
      artifact: artifact('4'),
      strategy: 'config-rollback',
      title: 'Restore config.yaml',
      rationale: 'it changed since it was green',
      risk: 'low',
      fingerprint: 'plan-1',
    },
    refusals: [],
  }),
  decidePlan: async () => ({ decision: 'allow', autonomy: 'propose', reasons: [] }),
  runCommand: async ({ changeSet, command }) => run(command, changeSet === undefined ? 1 : 0),
  judgeReproduction: async () => ({ verdict: 'reproduced', detail: 'red' }),
  judgeProbe: async () => 'green',
  buildChangeSet: async () => ({
    kind: 'built',
    changeSet: {
      artifact: artifact('5'),
      hash: 'c'.repeat(64),
      base: sha,
      paths: ['config.yaml'],
      fileCount: 1,
      additions: 1,
      deletions: 1,
    },
  }),
  judgeProof: async () => ({
    verdict: 'proven',
    redAtBase: true,
    greenWithChange: true,
    greenAgain: true,
    redAgain: true,
    newlyRed: [],
    findings: [],
    reasons: [],
  }),
  decideChange: async () =>
    WATCHED && alone()
      ? { decision: 'allow', autonomy: 'deploy', reasons: [] }
      : { decision: 'ask', autonomy: 'propose', reasons: [{ code: 'production', detail: 'the change reaches production' }] },
  ...scriptedProduction(sha),
  notify: async () => undefined,
};

runWorkerProcess({ wrap: (real) => ({ ...real, ...SCRIPT }) });
