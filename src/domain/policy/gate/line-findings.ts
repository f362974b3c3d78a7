import type { GateFinding } from '../../proof.schema.ts';
import { isCode, isProse, withoutComment } from './comments.ts';
import { addedLines, type GateFile } from './lines.ts';
import { isLintConfig, isTestConfig } from './paths.ts';
import { ADDED_PATTERNS } from './patterns.ts';
import { joined, windows } from './windows.ts';

const THRESHOLD =
  /\b(?:threshold|thresholds|branches|functions|statements|lines|fail[-_]under|min(?:imum)?[-_]?(?:coverage|score)|max[-_](?:warnings|line-length|complexity))\b/i;
const SETTINGS = /\.(?:json5?|ya?ml|toml|ini|cfg|lock|xml|properties|csv|sql)$/i;

/** Nobody reads so far to the right, and the patterns that look at one line do not either. */
const TOO_LONG = 2000;

/** What single added lines say against a change. A file may be a test, a program, or both. */
export function lineFindings(
  file: GateFile,
  { test, program }: { readonly test: boolean; readonly program: boolean },
): readonly GateFinding[] {
  const findings: GateFinding[] = [];
  const prose = isProse(file.path);
  const settings = SETTINGS.test(file.path);
  for (const { line, text } of addedLines(file)) {
    const code = withoutComment(file.path, text);
    if (text.length > TOO_LONG && isCode(file.path))
      findings.push({ code: 'hidden-text', path: file.path, line, detail: 'a line of code is too long to be read' });
    for (const piece of windows(text)) {
      const bare = piece === text ? code : piece;
      const whole = joined(bare);
      for (const { code: kind, where, pattern, detail, comments } of ADDED_PATTERNS) {
        if (
          (prose && comments !== true) ||
          (prose && kind === 'check-disabled') ||
          (where === 'test' && !test) ||
          (where === 'program' && (!program || settings))
        )
          continue;
        const seen = comments === true ? pattern.test(piece) : pattern.test(bare) || (whole !== bare && pattern.test(whole));
        if (seen) findings.push({ code: kind, path: file.path, line, detail });
      }
    }
    if (
      THRESHOLD.test(text.slice(0, 1000)) &&
      /\d/.test(text) &&
      (isTestConfig(file.path) ||
        isLintConfig(file.path) ||
        /package\.json$|pyproject\.toml$|pom\.xml$|build\.gradle(?:\.kts)?$/.test(file.path))
    ) {
      findings.push({ code: 'threshold-changed', path: file.path, line, detail: 'a threshold is changed' });
    }
  }
  return findings;
}
