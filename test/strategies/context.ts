import type { Diagnosis } from '../../src/domain/diagnosis.schema.ts';
import type { CommitFacts, Incident } from '../../src/domain/incident.schema.ts';
import type { Complaint, LogDigest } from '../../src/domain/log-digest.schema.ts';
import { Plan } from '../../src/domain/plan.schema.ts';
import { plannedPaths } from '../../src/domain/policy/decide-plan.ts';
import { isCiFile, isTestFile } from '../../src/domain/policy/gate/paths.ts';
import { RepositoryPolicy } from '../../src/domain/repository-policy.schema.ts';
import type { Reproduction } from '../../src/domain/reproduction.schema.ts';
import type { FileRead, Strategy, StrategyAnswer, StrategyContext } from '../../src/strategies/contract.ts';
import { planFingerprint, trialFingerprint } from '../../src/strategies/ladder.ts';

export const HEAD = '1'.repeat(40);
export const GREEN = '2'.repeat(40);
export const NOW = '2026-11-23T12:00:00.000Z';

/** A commit, with its first-parent line made by `linear`. */
export function commitOf(sha: string, more: Partial<CommitFacts> = {}): CommitFacts {
  return { sha, parents: [GREEN], author: 'maria', at: NOW, subject: 'Change it', paths: ['src/shop.ts'], pathsTruncated: false, ...more };
}

/** Files by revision. */
export type Tree = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a context is made from. */
export interface Given {
  readonly kind?: Diagnosis['class'];
  readonly policy?: Record<string, unknown>;
  readonly commits?: readonly CommitFacts[];
  readonly incident?: Partial<Incident>;
  readonly complaints?: readonly Complaint[];
  readonly digest?: Partial<LogDigest>;
  readonly reproduction?: Reproduction;
  readonly more?: Partial<StrategyContext>;
}

/** A context: the check `test` fails at HEAD, and was green at GREEN. */
export function contextOf({
  kind = 'code',
  policy = {},
  commits,
  incident = {},
  complaints = [],
  digest = {},
  reproduction,
  more = {},
}: Given = {}): StrategyContext {
  return {
    incident: {
      repo: { owner: 'acme', name: 'shop' },
      subject: 'branch/main',
      signature: 's',
      title: 'test fails',
      targetBranch: 'main',
      headSha: HEAD,
      lastGreenSha: GREEN,
      commits: [...(commits ?? [commitOf(HEAD)])],
      commitsTruncated: false,
      failing: { name: 'test', run: 'npm test', report: 'exit-code', timeoutSeconds: 600 },
      failingTests: [],
      wider: [],
      trust: 'maintainer',
      evidence: [],
      ...incident,
    },
    diagnosis: { class: kind, cause: 'it changed', confidence: 0.9, evidence: [] },
    policy: RepositoryPolicy.parse({ version: 1, ...policy }),
    digest: { bytes: 1, keptBytes: 1, lines: 1, compared: false, excerpts: [], complaints: [...complaints], frames: [], ...digest },
    reproduction: reproduction ?? null,
    probes: [],
    trials: [],
    answers: [],
    files: [],
    tried: [],
    paths: {},
    defaultHead: null,
    model: false,
    actions: [],
    now: NOW,
    ...more,
  };
}

/** A complaint of a tool. */
export const complaint = (tool: string, kind: Complaint['class'], more: Partial<Complaint> = {}): Complaint => ({
  tool,
  class: kind,
  message: 'no',
  ...more,
});

/** Asks a strategy, and gives it the files that it wants to read, as the reasoner does. */
export function answered(strategy: Strategy, context: StrategyContext, tree: Tree = {}): Exclude<StrategyAnswer, { kind: 'read' }> {
  let files: readonly FileRead[] = context.files;
  for (let round = 0; round < 12; round += 1) {
    const answer = strategy.plan({ ...context, files });
    if (answer.kind === 'plan') sound(strategy, answer.plan);
    if (answer.kind === 'refused' && !Object.hasOwn(strategy.refuses, answer.refusal.code))
      throw new Error(`unlisted code ${answer.refusal.code}`);
    if (answer.kind !== 'read') return answer;
    const fresh = answer.files.filter(({ sha, path }) => !files.some((file) => file.sha === sha && file.path === path));
    if (fresh.length === 0) throw new Error('the same files are asked for again');
    files = [
      ...files,
      ...fresh.map(({ sha, path }): FileRead => {
        const text = tree[sha]?.[path];
        return text === undefined ? { sha, path, text: null, why: 'not there' } : { sha, path, text, mode: '100644' };
      }),
    ];
  }
  throw new Error('it reads without end');
}

/** What holds for every plan of every strategy. */
function sound(strategy: Strategy, plan: Plan): void {
  Plan.parse(plan);
  if (plan.strategy !== strategy.id) throw new Error('a plan in the name of another strategy');
  const bad = plannedPaths(plan).find(
    (path) => isCiFile(path) || (plan.steps.some((step) => step.kind !== 'run-tool') && isTestFile(path)),
  );
  if (bad !== undefined) throw new Error(`a plan names ${bad}`);
}

/** The same context after a plan was tried. */
export function afterTrying(context: StrategyContext, answer: StrategyAnswer): StrategyContext {
  if (answer.kind !== 'plan') throw new Error(`no plan but ${JSON.stringify(answer)}`);
  const { strategy, title } = answer.plan;
  return {
    ...context,
    tried: [...context.tried, { strategy, planTitle: title, result: 'not fixed', fingerprint: planFingerprint(answer.plan) }],
  };
}

/** Goes on until it plans or refuses; every trial is answered by what its steps write. */
export function afterTrials(
  strategy: Strategy,
  context: StrategyContext,
  tree: Tree,
  colour: (texts: Readonly<Record<string, string>>) => 'red' | 'green' | 'unclear',
): { readonly answer: StrategyAnswer; readonly trials: number } {
  let now = context;
  for (let count = 0; count < 60; count += 1) {
    const answer = answered(strategy, now, tree);
    if (answer.kind !== 'trial') return { answer, trials: count };
    const texts = Object.fromEntries(answer.trial.steps.flatMap((step) => (step.kind === 'write-text' ? [[step.path, step.text]] : [])));
    const fingerprint = trialFingerprint(answer.trial.steps);
    if (now.trials.some((trial) => trial.fingerprint === fingerprint)) throw new Error('the same trial is asked for again');
    now = { ...now, trials: [...now.trials, { fingerprint, colour: colour(texts), detail: '' }] };
  }
  throw new Error('it tries without end');
}
