/** The order of the ladder in one place: what speaks how strongly for which strategy. Evidence first, then what planning costs. */
export const RANKS = {
  rerun: {
    flaky: { score: 110, when: 'the failing command was red and green at one revision' },
    infrastructure: { score: 20, when: 'the failure is of the infrastructure, and reports of several runs are there to compare' },
  },
  formatter: {
    declared: { score: 100, when: 'the failing check is the format check of the policy' },
    detected: { score: 98, when: 'a formatter complains' },
  },
  linter: {
    declared: { score: 97, when: 'the failing check is the lint check of the policy' },
    detected: { score: 96, when: 'a linter complains' },
  },
  generated: { stale: { score: 94, when: 'a generated file is out of date' } },
  lockfile: {
    said: { score: 92, when: 'a package manager says that manifest and lock file disagree' },
    suspected: { score: 72, when: 'a manifest changed since green and its lock file did not' },
  },
  dependency: {
    diagnosed: { score: 84, when: 'a dependency broke it, and a lock file changed since green' },
    suspected: { score: 45, when: 'a lock file changed since green, among other things' },
  },
  configRollback: {
    diagnosed: { score: 80, when: 'configuration broke it' },
    suspected: { score: 40, when: 'configuration changed since green, among other things' },
  },
  recipe: { known: { score: 75, when: 'what is said is known from elsewhere, with its repair' } },
  revert: {
    diagnosed: { score: 60, when: 'code broke it, and it was green before' },
    suspected: { score: 30, when: 'something changed since green' },
  },
  snapshot: { stale: { score: 50, when: 'a recorded expectation differs, and the policy lets a person accept that' } },
  modelPatch: { left: { score: 1, when: 'a model is configured, the failure was seen, and nothing cheaper is left' } },
  action: {
    environment: { score: 10, when: 'nothing in the repository broke it, a deployed service suffers, and the policy names an action' },
  },
} as const;
