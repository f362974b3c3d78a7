import { RANKS } from '../ranks.ts';
import { repairingTool } from '../repairing-tool.ts';
import { detectFormatters } from './detect.ts';

/** Runs the repository's own formatter. */
export const formatter = repairingTool({
  id: 'formatter',
  name: 'Formatter',
  heals: "a red format check: runs the repository's own formatter at its own version and configuration",
  title: "Run the repository's formatter",
  kind: 'format',
  tool: 'formatter',
  ranks: RANKS.formatter,
  refuses: {
    'not-a-format-check': 'the failing check is not about format',
    'no-formatter': 'neither the policy nor the files of the repository tell how it is formatted',
    'all-tried': 'every formatter was run already',
  },
  other: 'not-a-format-check',
  none: 'no-formatter',
  way: 'nothing tells how this repository is formatted: name it as `format` in the policy file',
  detect: detectFormatters,
});
