import type { ProvingCommand, ReportFormat } from '../domain/incident.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { HealingInput } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { CheckFacts } from '../integrations/contract.ts';

/** Commands of the policy as provers run them. */
export function commandsOf(policy: RepositoryPolicy): readonly ProvingCommand[] {
  return policy.checks.map(({ name, run, setup, report, reportPath, timeoutSeconds }) => ({
    name,
    run,
    ...(setup === undefined ? {} : { setup }),
    report,
    ...(reportPath === undefined ? {} : { reportPath }),
    timeoutSeconds,
  }));
}

const FORMATS: ReadonlyArray<readonly [RegExp, ReportFormat]> = [
  [/(?:^|[\s;&|/])(?:pytest|py\.test)(?:\s|$)|-m\s+pytest\b/, 'pytest'],
  [/-m\s+unittest\b/, 'unittest'],
  [/\bgo\s+test\b.*\s-json\b/, 'go-json'],
  [/(?:^|[\s;&|/])jest\b.*\s--json\b|\bvitest\b.*--reporter[= ]json\b/, 'jest-json'],
  [/--test-reporter[= ]tap\b|(?:^|[\s;&|])(?:tap|prove)\s/, 'tap'],
  [/(?:^|[\s;&|/])node\s(?:.*\s)?--test(?:\s|$)/, 'node'],
];

/** The command that a person asked about: the policy's own entry when it is one of those. */
export function requestedCommand(request: NonNullable<HealingInput['request']>, commands: readonly ProvingCommand[]): ProvingCommand {
  const known = commands.find((command) => command.run.trim() === request.run.trim());
  if (known !== undefined) {
    return known;
  }
  const taken = commands.some((command) => command.name === 'manual');
  return {
    name: taken ? 'manual-request' : 'manual',
    run: request.run,
    report: FORMATS.find(([pattern]) => pattern.test(request.run))?.[1] ?? 'exit-code',
    timeoutSeconds: Math.max(1, Math.min(600, Math.floor(request.timeoutSeconds))),
  };
}

function failed(check: CheckFacts): boolean {
  return check.status === 'completed' && (check.conclusion === 'failure' || check.conclusion === 'timed-out');
}

/** Names of the checks that are red at a revision: what the forge says of it now, and what signals said where the forge says nothing yet. */
export function redChecks(checks: readonly CheckFacts[], signals: readonly Signal[]): readonly string[] {
  const known = new Map(checks.map((check) => [check.name, check]));
  const said = signals
    .filter((signal) => signal.kind === 'check-failed' || signal.kind === 'patrol-found' || signal.kind === 'requested')
    .map((signal) => signal.facts['check'])
    .filter((name): name is string => name !== undefined && name !== '')
    // A signal is older than what the forge says now; it counts only until the check has finished here.
    .filter((name) => known.get(name)?.status !== 'completed');
  return [...new Set([...checks.filter(failed).map((check) => check.name), ...said])];
}
