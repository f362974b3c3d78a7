import type { Facts, Vote } from './vote.ts';

const SCANNER =
  /(?:^|[\s/;&|_-])(?:gitleaks|trufflehog|detect-secrets|ggshield|secret-?scan(?:ning)?|(?:npm|yarn|pnpm|cargo|composer|bundle) audit|cargo deny|pip-audit|bandit|semgrep|codeql|snyk|trivy|grype|osv-scanner|govulncheck|safety (?:check|scan)|dependency-?check|gosec|brakeman)(?:$|[\s:;&|_-])/i;

/** What the failing check is for, as its name, its command and the policy say. */
export function votesOfCheck({ incident: { failing }, policy, digest }: Facts): readonly Vote[] {
  const votes: Vote[] = [];
  if (policy.format?.check === failing.name) {
    const others = digest?.complaints.filter(({ class: kind }) => kind !== 'format' && kind !== 'lint').length ?? 0;
    votes.push({
      class: 'format',
      // A formatter's check that could not even start says other things and nothing of format.
      weight: others > 0 && digest?.complaints.every(({ class: kind }) => kind !== 'format') === true ? 2 : 10,
      seen: `${failing.name} is the formatter's check`,
      cause: `the formatter's check ${failing.name} complains`,
    });
  }
  const scanner = SCANNER.exec(failing.run) ?? SCANNER.exec(failing.name);
  if (scanner !== null)
    votes.push({
      class: 'security-sensitive',
      weight: 6,
      seen: `${failing.name} is a scan for secrets, vulnerabilities or dangerous code`,
      cause: `the security scan ${failing.name} complains`,
    });
  return votes;
}
