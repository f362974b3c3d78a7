import { Incident } from '../../../src/domain/incident.schema.ts';
import type { LogDigest } from '../../../src/domain/log-digest.schema.ts';
import type { ModelAnswer, ModelQuestion } from '../../../src/domain/model-exchange.schema.ts';
import { RepositoryPolicy } from '../../../src/domain/repository-policy.schema.ts';
import type { FileRead, StrategyAnswer, StrategyContext } from '../../../src/strategies/contract.ts';
import { questionFingerprint } from '../../../src/strategies/ladder.ts';
import { modelPatch } from '../../../src/strategies/model-patch/index.ts';

export const HEAD = 'a'.repeat(40);
export const GREEN = 'b'.repeat(40);

/** Files of a repository by path. */
export type Files = Readonly<Record<string, string>>;

export const REPOSITORY: Files = {
  'src/price.py': 'def price(n):\n    return n * 2\n',
  'src/other.py': 'def other():\n    return 1\n',
  'tests/test_price.py': 'def test_price():\n    assert price(1) == 3\n',
  'AGENTS.md': 'Use four blanks.\n',
};

export const BEFORE: Files = { ...REPOSITORY, 'src/price.py': 'def price(n):\n    return n * 3\n' };

/** The block that repairs it. */
export const REPAIR = 'src/price.py\n<<<<<<< SEARCH\n    return n * 2\n=======\n    return n * 3\n>>>>>>> REPLACE\n';

/** An answer to the first question. */
export const DECIDED = JSON.stringify({
  class: 'code',
  cause: 'the factor is wrong',
  confidence: 0.9,
  files: [],
  strategy: 'patch',
  why: 'one line',
});

const DIGEST: LogDigest = {
  bytes: 100,
  keptBytes: 100,
  lines: 3,
  compared: false,
  excerpts: [{ why: 'error', from: 2, text: 'AssertionError: 2 != 3', times: 1 }],
  complaints: [],
  frames: [{ path: 'src/price.py', line: 2 }],
};

/** A context before anything was read or asked. */
export function contextOf(change: Partial<StrategyContext> = {}): StrategyContext {
  const incident = Incident.parse({
    repo: { owner: 'acme', name: 'shop' },
    subject: 'branch/main',
    signature: 's',
    title: 'unit fails',
    targetBranch: 'main',
    headSha: HEAD,
    lastGreenSha: GREEN,
    commits: [
      {
        sha: HEAD,
        parents: [GREEN],
        author: 'dev',
        at: '2026-11-23T00:00:00.000Z',
        subject: 'Tune the price',
        paths: ['src/price.py'],
        pathsTruncated: false,
      },
    ],
    commitsTruncated: false,
    failing: { name: 'unit', run: 'python3 -m unittest', report: 'unittest', timeoutSeconds: 60 },
    failingTests: ['tests.test_price.test_price'],
    wider: [],
    trust: 'maintainer',
    evidence: [],
  });
  return {
    incident,
    diagnosis: { class: 'code', cause: 'commit aaaaaaaa', confidence: 0.8, evidence: [] },
    policy: RepositoryPolicy.parse({ version: 1, checks: [{ name: 'unit', run: 'python3 -m unittest' }] }),
    digest: DIGEST,
    reproduction: { verdict: 'reproduced', detail: 'red twice', runs: [] },
    probes: [],
    trials: [],
    answers: [],
    files: [],
    tried: [],
    paths: {},
    defaultHead: GREEN,
    model: true,
    actions: [],
    now: '2026-11-23T12:00:00.000Z',
    ...change,
  };
}

/** How a climb with the strategy alone ended. */
export interface Followed {
  readonly end: Exclude<StrategyAnswer, { readonly kind: 'read' } | { readonly kind: 'ask' }>;
  readonly questions: readonly ModelQuestion[];
  readonly read: readonly string[];
}

/** Follows the strategy to its end: reads from these files, asks this model, and begins each turn with no file read, as the activity does. */
export function follow(
  say: (question: ModelQuestion, nth: number) => ModelAnswer['reply'] | string,
  options: { readonly context?: Partial<StrategyContext>; readonly head?: Files; readonly green?: Files } = {},
): Followed {
  const { head = REPOSITORY, green = BEFORE } = options;
  const questions: ModelQuestion[] = [];
  const read: string[] = [];
  let answers: readonly ModelAnswer[] = [];
  let files: readonly FileRead[] = [];
  for (let step = 0; step < 60; step += 1) {
    const answer = modelPatch.plan(contextOf({ ...options.context, answers, files }));
    if (answer.kind === 'read') {
      read.push(...answer.files.map(({ sha, path }) => `${sha === HEAD ? 'head' : 'green'} ${path}`));
      files = [
        ...files,
        ...answer.files.map(({ sha, path }) => {
          const text = (sha === HEAD ? head : green)[path] ?? null;
          return { sha, path, text, ...(text === null ? { why: 'not there' } : { mode: '100644' }) };
        }),
      ];
    } else if (answer.kind === 'ask') {
      questions.push(answer.question);
      const said = say(answer.question, questions.length);
      const reply = typeof said === 'string' ? ({ kind: 'text', text: said, model: 'm', usage: null } as const) : said;
      answers = [...answers, { fingerprint: questionFingerprint(answer.question), reply }];
      files = [];
    } else return { end: answer, questions, read };
  }
  throw new Error('the strategy does not come to an end');
}
