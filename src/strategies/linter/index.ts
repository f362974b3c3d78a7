import { RANKS } from '../ranks.ts';
import { repairingTool } from '../repairing-tool.ts';
import { detectLinters } from './detect.ts';

/** Runs the repository's own linter with its safe fixes. */
export const linter = repairingTool({
  id: 'linter',
  name: 'Linter',
  heals: "a red lint check: runs the repository's own linter with its safe fixes, on the files that it named; it silences nothing",
  title: "Apply the linter's safe fixes",
  kind: 'lint',
  tool: 'linter',
  ranks: RANKS.linter,
  refuses: {
    'not-a-lint-check': 'the failing check is not about lint',
    'no-linter': 'no linter of the repository that complains is known to repair anything safely',
    'all-tried': 'every fix was run already',
  },
  other: 'not-a-lint-check',
  none: 'no-linter',
  way: 'no linter that complains is known to repair anything safely: name its fix as `lint` in the policy file',
  detect: detectLinters,
});
