import { type Phrases, phrase, type Tool } from '../tool.ts';

const FOUND: Phrases = [
  [/^# npm audit report$/, 'npm-audit'],
  [/\bGHSA(?:-[23456789cfghjmpqrvwx]{4}){3}\b/, 'advisory'],
  [/\bCVE-\d{4}-\d{4,7}\b/, 'advisory'],
  [/\b(?:RUSTSEC|PYSEC|GO)-\d{4}-\d{2,7}\b/, 'advisory'],
  [/^Vulnerability #\d+: /, 'advisory'],
  [/^Found \d+ known vulnerabilit(?:y|ies) in \d+ package/, 'pip-audit'],
  [/^error\[(?:vulnerability|unmaintained|yanked)\]: /, 'cargo-deny'],
  [/^error: \d+ vulnerabilit(?:y|ies) found!/, 'cargo-audit'],
  [
    /\bleaks found: [1-9]|^\s*Finding:\s+\S|Found (?:un)?verified result|Secrets? (?:detected|found) in|Push cannot contain secrets|potential secret/i,
    'secret',
  ],
  [/^>> Issue: \[B\d{3}:/, 'bandit'],
  [/^Total: \d+ \((?:UNKNOWN|LOW|MEDIUM|HIGH|CRITICAL): /, 'trivy'],
  [/\b[1-9]\d* (?:Code Findings?|Blocking findings?)\b|Ran \d+ rules on \d+ files: [1-9]\d* findings?/i, 'semgrep'],
];

/** Scanners for secrets, vulnerable packages and dangerous code. What `npm install` counts on the side does not count: it fails nothing. */
export const security: Tool = {
  id: 'security-scan',
  class: 'security-sensitive',
  read({ text, near }) {
    const found = phrase(text, FOUND);
    if (found === null) return null;
    const bandit = /^>> Issue: \[(B\d{3}):(\w{1,60})\] (.+)$/.exec(text);
    if (bandit === null) return found;
    for (let next = 1; next <= 6; next += 1) {
      const place = /^\s*Location: (.{1,300}):(\d{1,7}):\d{1,7}$/.exec(near(next));
      if (place !== null) return { tool: 'bandit', path: place[1], line: Number(place[2]), rule: bandit[1], message: bandit[3] ?? '' };
    }
    return { tool: 'bandit', rule: bandit[1], message: bandit[3] ?? '' };
  },
};
