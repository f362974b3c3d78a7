import { z } from 'zod';
import type { DeploymentResult } from '../domain/deployment-result.schema.ts';
import type { FixProposal } from '../domain/fix-proposal.schema.ts';
import type { HealingView } from '../domain/healing-view.ts';
import { Incident } from '../domain/incident.schema.ts';
import { Plan } from '../domain/plan.schema.ts';
import type { Problem } from '../domain/problem.schema.ts';
import { RepositoryPolicy } from '../domain/repository-policy.schema.ts';

/** The incident with the rules that it is judged by, as a healing has it on file. */
export const IncidentFile = z.object({ incident: Incident, policy: RepositoryPolicy });
export type IncidentFile = z.infer<typeof IncidentFile>;

/** A plan as it is on file. */
export const PlanFile = Plan;

/** The problem of a healing; `file` is null before its evidence was read. */
export function problemOf(view: HealingView, file: IncidentFile | null): Problem {
  const incident = file?.incident ?? null;
  const service = incident?.service;
  return {
    incident: view.healingId,
    repository: `${view.repo.owner}/${view.repo.name}`,
    subject: view.subject,
    title: view.title,
    status: view.state,
    signals: view.signals,
    evidence_read: incident !== null,
    signature: incident?.signature ?? null,
    branch: incident?.targetBranch ?? null,
    revision: incident?.headSha ?? null,
    last_green_revision: incident?.lastGreenSha ?? null,
    failing: incident === null ? null : { check: incident.failing.name, command: incident.failing.run, tests: incident.failingTests },
    service:
      service === undefined
        ? null
        : { name: service.name, environment: service.environment, deployed_revision: service.deployedSha ?? null },
    trust: incident?.trust ?? null,
    evidence: incident?.evidence.map(({ kind, summary }) => ({ kind, summary })) ?? [],
    correlated_with: (view.joined ?? []).map(({ healingId, why }) => ({ incident: healingId, why: why.slice(0, 300) })),
  };
}

function testsOf({ incident }: IncidentFile): FixProposal['tests'] {
  const { failing, wider } = incident;
  return [
    { name: failing.name, command: failing.run, proves: 'repair' },
    ...wider
      .filter(({ name }) => name !== failing.name)
      .map(({ name, run }) => ({ name, command: run, proves: 'nothing-else-broke' as const })),
  ];
}

/** The repair that a healing proposes, proven or not yet. */
export function proposalOf(view: HealingView, file: IncidentFile, plan: Plan): FixProposal {
  const { changeSet, proof } = view.papers ?? {};
  return {
    incident: view.healingId,
    attempt: view.attempt,
    diagnosis: view.class === undefined || view.cause === undefined ? null : { class: view.class, cause: view.cause },
    strategy: plan.strategy,
    title: plan.title,
    rationale: plan.rationale,
    risk: plan.risk,
    proposed_fix: plan.steps,
    tests: testsOf(file),
    proposals: plan.proposals ?? [],
    change_set:
      changeSet === undefined
        ? null
        : {
            hash: changeSet.hash,
            base: changeSet.base,
            paths: changeSet.paths,
            files: changeSet.fileCount,
            additions: changeSet.additions,
            deletions: changeSet.deletions,
          },
    proof: proof ?? null,
  };
}

/** How far the repair of a healing came. */
export function resultOf(view: HealingView, file: IncidentFile | null): DeploymentResult {
  const { outcome, papers, pullRequest } = view;
  return {
    incident: view.healingId,
    status: outcome?.kind ?? 'in-progress',
    reason: outcome?.reason ?? null,
    detail: outcome?.detail ?? '',
    step: view.state,
    proven: papers?.proof?.verdict === 'proven',
    change_set_hash: papers?.changeSet?.hash ?? null,
    pull_request: pullRequest === undefined ? null : { number: pullRequest.number, url: pullRequest.url, branch: pullRequest.branch },
    merged_revision: papers?.mergeSha ?? null,
    environment: file?.incident.service?.environment ?? null,
    verified: outcome?.reason === 'verified',
    timeline: view.timeline.map(({ at, state, text }) => ({ at, step: state, text: text.slice(0, 300) })),
  };
}
