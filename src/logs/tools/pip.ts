import { type Phrases, phrase, type Tool } from '../tool.ts';

const DEPENDENCY: Phrases = [
  [/^ERROR: ResolutionImpossible/, 'ResolutionImpossible'],
  [/^ERROR: Cannot install .{1,400} because these package versions have conflicting dependencies/, 'conflict'],
  [/^ERROR: No matching distribution found for /, 'no-matching-distribution'],
  [/^ERROR: Could not find a version that satisfies the requirement /, 'no-matching-version'],
  [/^ERROR: THESE PACKAGES DO NOT MATCH THE HASHES/, 'hash-mismatch'],
  [/^ERROR: Hash mismatch|^ERROR: In --require-hashes mode/, 'hash-mismatch'],
  [/^ERROR: Failed building wheel for |^ERROR: Failed to build installable wheels/, 'build-failed'],
];
const OTHERS: Phrases = [
  [/pyproject\.toml changed significantly since poetry\.lock was last generated/, 'lock-out-of-date'],
  [/poetry\.lock is not up to date with pyproject\.toml/, 'lock-out-of-date'],
  [/The lockfile at `uv\.lock` needs to be updated/, 'lock-out-of-date'],
  [/^Your Pipfile\.lock \([^)]{1,80}\) is out of date/, 'lock-out-of-date'],
  [/version solving failed/i, 'version-solving-failed'],
  [/No solution found when resolving/, 'no-solution'],
];

/** pip, Poetry, uv and Pipenv. */
export const pip: Tool = {
  id: 'pip',
  class: 'dependency',
  read({ text }) {
    const version = /^ERROR: Package '([^']{1,100})' requires a different Python: (.{1,200})$/.exec(text);
    if (version !== null)
      return { class: 'environment', rule: 'python-version', message: `${version[1]} requires a different Python: ${version[2]}` };
    const found = phrase(text, DEPENDENCY);
    if (found !== null) return { ...found, message: found.message.replace(/^ERROR: /, '') };
    const other = phrase(text, OTHERS);
    return other === null
      ? null
      : { ...other, tool: /uv\.lock|No solution/.test(text) ? 'uv' : /Pipfile/.test(text) ? 'pipenv' : 'poetry' };
  },
};
