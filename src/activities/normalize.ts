import type { ApprovalRules } from '../domain/approval-ladder.ts';
import type { Incident, ProvingCommand, ServiceFacts } from '../domain/incident.schema.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import { changedPaths } from '../domain/policy/diagnose.ts';
import { ActorTrust, type Signal } from '../domain/signal.schema.ts';
import { signatureOf } from '../domain/signature.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { Activities, AlertSummary, IncidentSummary, Normalized } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { type Dossier, writeDossier } from './dossier.ts';
import { capped, changeEvidence, checkEvidence, deploymentEvidence, signalEvidence } from './evidence.ts';
import { commandsOf, redChecks, requestedCommand } from './failing-command.ts';
import { type DeploymentsOf, deploymentsOf, serviceOfAlert, serviceOfCommits } from './find-service.ts';
import { findTarget, type Target } from './find-target.ts';
import { type PolicyRead, readPolicy } from './read-policy.ts';

type Input = Parameters<Activities['normalize']>[0];
type Policy = Extract<PolicyRead, { readonly kind: 'policy' }>;

/** Commits that are looked at between green and red. */
const MAX_COMMITS = 100;
/** Failing tests in history. */
const MAX_TESTS = 10;

const TRUST = ActorTrust.options;

/** The lowest trust of all whose signals say that something is wrong; nobody at all counts as an outsider. */
export function lowestTrust(signals: readonly Signal[], asked: boolean): Incident['trust'] {
  const reporting = signals.filter((signal) => ['check-failed', 'alert-triggered', 'requested', 'patrol-found'].includes(signal.kind));
  const ranks = reporting.map((signal) => TRUST.indexOf(signal.actor.trust));
  return ranks.length === 0 ? (asked ? 'maintainer' : 'outsider') : (TRUST[Math.max(...ranks)] ?? 'outsider');
}

/** Whether an alert stands: it was triggered and did not recover since. */
function alerting(signals: readonly Signal[]): 'never' | 'yes' | 'recovered' {
  const last = signals.findLast((signal) => signal.kind === 'alert-triggered' || signal.kind === 'alert-recovered');
  return last === undefined ? 'never' : last.kind === 'alert-triggered' ? 'yes' : 'recovered';
}

function titleOf(
  failing: ProvingCommand,
  target: Target,
  tests: readonly string[],
  service: ServiceFacts | undefined,
  alert: boolean,
): string {
  const what = tests.length === 0 ? '' : `: ${tests.slice(0, 3).join(', ')}${tests.length > 3 ? ` and ${tests.length - 3} more` : ''}`;
  const where = alert && service !== undefined ? `${service.name} in ${service.environment}, ` : '';
  return `${where}${failing.name} fails on ${target.branch}${what}`;
}

/** What fails: the request's command, or the first red check in the order of the policy. */
async function findFailing(
  deps: ActivityDeps,
  input: Input,
  { policy }: Policy,
  target: Target,
): Promise<{ readonly kind: 'failing'; readonly failing: ProvingCommand; readonly red: readonly string[] } | Normalized> {
  const commands = commandsOf(policy);
  if (input.request !== undefined) {
    const failing = requestedCommand(input.request, commands);
    return { kind: 'failing', failing, red: [failing.name] };
  }
  const red = redChecks(await deps.forge.checks.list(input.repo, target.headSha), input.signals);
  const failing = commands.find((command) => red.includes(command.name));
  if (failing !== undefined) {
    return { kind: 'failing', failing, red };
  }
  const cannot = (detail: string): Normalized => ({
    kind: 'cannot',
    reason: 'no-command',
    title: oneLine(deps.redact(detail), 200),
    detail: oneLine(deps.redact(detail), 500),
  });
  if (red.length > 0) {
    return cannot(
      `${red.slice(0, 5).join(', ')} failed, but the policy file names no command that reproduces it: add it to \`checks\` in .github/suture.yml`,
    );
  }
  switch (alerting(input.signals)) {
    case 'yes':
      return cannot(
        `the alert ${input.signals.findLast((signal) => signal.kind === 'alert-triggered')?.summary ?? ''} stands, but no check is red at ${target.headSha.slice(0, 10)}: nothing here shows the failure`,
      );
    case 'recovered':
      return { kind: 'no-problem', reason: 'alert-recovered', detail: 'the alert recovered by itself' };
    case 'never':
      return { kind: 'no-problem', reason: 'already-green', detail: `no check is red at ${target.headSha.slice(0, 10)}` };
  }
}

/** Newest green revision for the failing command; the broken one itself does not count. */
async function lastGreen({ forge }: ActivityDeps, input: Input, target: Target, failing: ProvingCommand): Promise<string | undefined> {
  const sha = await forge.checks.lastGreen(input.repo, target.headSha, [failing.name]);
  return sha === null || sha === target.headSha ? undefined : sha;
}

const MINUTE_MS = 60_000;

/** How long a person is waited for and who is asked next, as the policy has it. */
export function approvalRules({ approval }: Policy['policy']): ApprovalRules {
  const { escalate, expireAfter, remindEvery, reminders } = approval;
  return {
    ...(remindEvery === undefined ? {} : { remindEveryMs: remindEvery * MINUTE_MS }),
    ...(reminders === undefined ? {} : { reminders }),
    ...(expireAfter === undefined ? {} : { expireAfterMs: expireAfter * MINUTE_MS }),
    escalate: [...escalate]
      .sort((one, other) => one.after - other.after)
      .map(({ after, approvers, tell }) => ({ afterMs: after * MINUTE_MS, approvers, tell })),
  };
}

const HOUR_MS = 60 * MINUTE_MS;

/** How long production is watched after a fix, where the policy says so for this service. */
function windowsOf(
  { services }: Policy['policy'],
  service: ServiceFacts | undefined,
): Pick<IncidentSummary, 'windowMs' | 'watchMs' | 'quietMinutes'> {
  const declared = services.find(({ name, environment }) => name === service?.name && environment === service.environment);
  const { verifyMinutes, watchHours, quietMinutes } = declared ?? {};
  return {
    ...(quietMinutes === undefined ? {} : { quietMinutes }),
    ...(verifyMinutes === undefined ? {} : { windowMs: verifyMinutes * MINUTE_MS }),
    ...(watchHours === undefined ? {} : { watchMs: watchHours.map((hours) => hours * HOUR_MS) }),
  };
}

/** Who asked for a healing, as far as signals say. */
function requesters(signals: readonly Signal[]): readonly string[] {
  return [...new Set(signals.filter((signal) => signal.kind === 'requested').map((signal) => signal.actor.id))].slice(0, 20);
}

/** What history keeps of a dossier. */
export function incidentSummary({ incident, policy }: Dossier, dossier: ArtifactRef, kind: IncidentSummary['kind']): IncidentSummary {
  const { service, lastGreenSha } = incident;
  return {
    dossier,
    signature: incident.signature,
    title: incident.title,
    kind,
    targetBranch: incident.targetBranch,
    headSha: incident.headSha,
    ...(lastGreenSha === undefined ? {} : { lastGreenSha }),
    command: incident.failing.name,
    wider: incident.wider.map((command) => command.name),
    failingTests: incident.failingTests.slice(0, MAX_TESTS),
    ...(service === undefined ? {} : { service: service.name, environment: service.environment }),
    ...windowsOf(policy, service),
    ...(service?.deployedSha === undefined ? {} : { deployedSha: service.deployedSha }),
    autonomy: policy.autonomy,
    attempts: policy.attempts,
    approvers: policy.approvers,
    approval: approvalRules(policy),
    untrusted: incident.trust === 'outsider',
    correlation: policy.correlation.rules,
  };
}

/** Signals and forge facts into an incident with its dossier, or why there is none. */
export function normalizeActivities(deps: ActivityDeps): Pick<Activities, 'normalize'> {
  return {
    async normalize(input): Promise<Normalized> {
      const { repo, subject, signals, settings } = input;
      const read = await readPolicy(deps, repo, settings);
      if (read.kind === 'invalid') {
        return { kind: 'cannot', reason: read.reason, title: `${repo.owner}/${repo.name} ${subject}`, detail: oneLine(read.detail, 500) };
      }
      const { policy, defaultBranch, defaultHead } = read;
      const deployments = deploymentsOf(deps, repo);
      const alerted = await serviceOfAlert(deployments, policy, signals);
      const wanted = await findTarget(deps, {
        repo,
        subject,
        signals,
        ...(input.request === undefined ? {} : { request: input.request }),
        defaultBranch,
        defaultHead,
        ...(alerted === undefined ? {} : { service: alerted }),
      });
      if (wanted.kind === 'none') {
        return { kind: 'no-problem', reason: wanted.reason, detail: oneLine(deps.redact(wanted.detail), 500) };
      }
      let target: Target = wanted;
      let found = await findFailing(deps, input, read, target);
      // The default branch does not have the problem (any more), the subject's own may still.
      if (found.kind !== 'failing' && typeof wanted.insteadOf === 'object') {
        target = wanted.insteadOf;
        found = await findFailing(deps, input, read, target);
      }
      if (found.kind === 'cannot' && alerted !== undefined && alerting(signals) === 'yes')
        return { ...found, alert: unexplained(repo, policy, alerted) };
      return found.kind === 'failing' ? summarize(deps, input, read, { target, alerted, deployments, ...found }) : found;
    },
  };
}

/** Every alert of one service that nothing explains is one problem. */
function unexplained(repo: Input['repo'], policy: Policy['policy'], { name, environment, deployedSha }: ServiceFacts): AlertSummary {
  return {
    signature: signatureOf({ repo, command: `alert ${name} ${environment}`, failingTests: [] }),
    title: oneLine(`${name} in ${environment} alerts, and nothing in the repository shows why`, 200),
    service: name,
    environment,
    ...(deployedSha === undefined ? {} : { deployedSha }),
    attempts: policy.attempts,
    correlation: policy.correlation.rules,
    waitMs: policy.correlation.waitMinutes * MINUTE_MS,
  };
}

async function summarize(
  deps: ActivityDeps,
  input: Input,
  { policy, defaultBranch }: Policy,
  found: {
    readonly target: Target;
    readonly alerted: ServiceFacts | undefined;
    readonly deployments: DeploymentsOf;
    readonly failing: ProvingCommand;
    readonly red: readonly string[];
  },
): Promise<Normalized> {
  const { repo, subject, signals } = input;
  const { target, failing, red } = found;
  const green = await lastGreen(deps, input, target, failing);
  const history = await deps.forge.repositories.commits(repo, green ?? null, target.headSha, MAX_COMMITS);
  const commits = history.commits.map((commit) => ({
    ...commit,
    subject: oneLine(deps.redact(commit.subject), 200),
    author: oneLine(commit.author, 200),
  }));
  // Production runs from the default branch: a repair of another one is never deployed.
  const service =
    target.branch === defaultBranch
      ? (found.alerted ?? (await serviceOfCommits(found.deployments, policy, { headSha: target.headSha, commits })))
      : undefined;
  const shas = [
    ...new Set([
      target.headSha,
      ...signals.flatMap((signal) => (signal.kind === 'check-failed' && signal.sha !== undefined ? [signal.sha] : [])),
    ]),
  ].slice(0, 5);
  const checks = await checkEvidence(deps, { repo, shas, red, failing, paths: changedPaths({ commits }) });
  const kind =
    signals.some((signal) => signal.kind === 'alert-triggered') &&
    !signals.some((signal) => signal.kind === 'check-failed') &&
    input.request === undefined
      ? 'alert'
      : 'code';
  const trust = target.foreign ? 'outsider' : lowestTrust(signals, input.request !== undefined);
  const commands = commandsOf(policy);
  const incident: Incident = {
    repo,
    subject,
    signature: signatureOf({ repo, command: failing.run, failingTests: checks.failingTests, service: service?.name, ...checks.said }),
    title: oneLine(deps.redact(titleOf(failing, target, checks.failingTests, service, kind === 'alert')), 200),
    targetBranch: target.branch,
    headSha: target.headSha,
    ...(green === undefined ? {} : { lastGreenSha: green }),
    commits,
    commitsTruncated: history.truncated,
    failing,
    failingTests: [...checks.failingTests],
    // The failing one is among them; one that a person asked about comes on top of the repository's own.
    wider: (commands.some((command) => command.name === failing.name) ? [...commands] : [failing, ...commands]).slice(0, 10),
    ...(service === undefined ? {} : { service }),
    trust,
    evidence: capped(
      checks.evidence,
      signalEvidence(signals, deps.redact),
      await deploymentEvidence(found.deployments, deps.redact, service, signals),
      changeEvidence(commits, deps.redact),
    ),
  };
  const dossier = await writeDossier(deps, { incident, policy });
  const summary: IncidentSummary = {
    ...incidentSummary({ incident, policy }, dossier, kind),
    ...(target.insteadOf === undefined ? {} : { landsElsewhere: true }),
    ...(policy.approval.byRequester ? {} : { barred: requesters(signals) }),
    ...(checks.logMissing ? { logMissing: true } : {}),
  };
  return { kind: 'incident', incident: summary };
}
