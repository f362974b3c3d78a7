import type { ChangeSetRef } from '../domain/change-set.schema.ts';
import type { Diagnosis } from '../domain/diagnosis.schema.ts';
import type { Incident } from '../domain/incident.schema.ts';
import type { Proof, RunFacts } from '../domain/proof.schema.ts';
import { escapeMarkdown, escapePlain, fenced, inlineCode } from '../lib/escape.ts';
import { oneLine, tail } from '../lib/excerpt.ts';
import type { AuditCheckpoint } from '../store/contract.ts';
import type { PlanSummary } from './contract.ts';

/** Longest body that every forge takes, in characters. */
const MAX_BODY = 50_000;

/** What a pull request of ours is written from. */
export interface ChangeFacts {
  readonly healingId: string;
  readonly incident: Incident;
  readonly diagnosis: Diagnosis;
  readonly plan: PlanSummary;
  readonly changeSet: ChangeSetRef;
  readonly proof: Proof;
  readonly red: RunFacts;
  readonly green: RunFacts;
  readonly branch: string;
  readonly webUiUrl?: string;
  /** Newest checkpoint of the audit trail: here its writer cannot change it. */
  readonly checkpoint: AuditCheckpoint | null;
}

/** Title of pull request and commit: one line, nothing in it mentions or closes anything. */
export function changeTitle(plan: Pick<PlanSummary, 'title'>): string {
  return oneLine(escapePlain(plan.title), 120);
}

/** Message of the commit. */
export function commitMessage({
  incident,
  diagnosis,
  plan,
  healingId,
}: Pick<ChangeFacts, 'incident' | 'diagnosis' | 'plan' | 'healingId'>): string {
  return `${changeTitle(plan)}\n\nFails without: ${oneLine(escapePlain(incident.title), 200)}\nCause: ${oneLine(escapePlain(diagnosis.cause), 300)}\n\nSuture-Healing: ${oneLine(healingId, 300)}\n`;
}

function outcomeOf(run: RunFacts): string {
  const tests = run.report === undefined ? '' : `, ${run.report.passed} passed, ${run.report.failed} failed, ${run.report.skipped} skipped`;
  const end = run.timedOut
    ? 'timed out'
    : run.killedBy === null
      ? `exit code ${run.exitCode ?? 'none'}`
      : `ended by the limit on ${run.killedBy}`;
  return `${end}${tests}, ${(run.durationMs / 1000).toFixed(1)} s`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** Body of the pull request: cause, evidence, proof, limits, how to go on by hand, how to stop it. Everything from outside is escaped. */
export function changeBody(facts: ChangeFacts): string {
  const { incident, diagnosis, plan, changeSet, proof, red, green, branch, checkpoint } = facts;
  const failing = incident.failing;
  const paths = changeSet.paths.slice(0, 20).map((path) => inlineCode(path));
  const parts = [
    `**${escapeMarkdown(incident.title)}**`,
    `## Cause\n\n${escapeMarkdown(diagnosis.cause)} (class ${diagnosis.class}, confidence ${Math.round(diagnosis.confidence * 100)} %)`,
    `## Evidence\n\n${list([...diagnosis.evidence, ...incident.evidence.slice(0, 10).map((item) => item.summary)].map(escapeMarkdown))}`,
    `## Change\n\n${escapeMarkdown(plan.rationale)}\n\n${list([...paths, `${changeSet.fileCount} file(s), +${changeSet.additions} −${changeSet.deletions}, risk ${plan.risk}, strategy ${inlineCode(plan.strategy)}`])}`,
    `## Proof\n\nRun in an isolated sandbox (${escapeMarkdown(green.isolation)}):\n\n${list([
      `without the change: **red**, ${outcomeOf(red)}`,
      `with it: **green**, ${outcomeOf(green)}; ${proof.greenAgain ? 'green again in a second run' : 'not run again'}`,
      ...(proof.redAgain ? ['without it once more, after that: **red** again'] : []),
      ...(proof.rounds === undefined
        ? []
        : [`both again in turn (rounds: ${proof.rounds}): **red** without it and **green** with it each time`]),
      `nothing else newly red; the gate against weakened tests is silent`,
    ])}\n\nThe command:\n\n${fenced(failing.run, 'sh')}\n\n<details><summary>End of the output without the change</summary>\n\n${fenced(tail(red.excerpt, 1_000), 'text')}\n\n</details>`,
    `## Limits\n\n${list([
      `Proven is what the checks of this repository see, at ${inlineCode(incident.headSha.slice(0, 12))}; not what they do not test.`,
      'Nothing was run outside the sandbox, and nothing but these files is written.',
    ])}`,
    `## To go on by hand\n\n${fenced(`git fetch origin ${branch}\ngit switch ${branch}`, 'sh')}\n\nPush to this branch and it is yours: nothing overwrites it. Close this pull request to say no: the same fix is not proposed again. To stop this healing at once: ${inlineCode(`suture cancel ${facts.healingId}`)}.`,
  ];
  if (facts.webUiUrl !== undefined && /^https?:\/\/[^\s<>()"'`]+$/.test(facts.webUiUrl)) {
    parts.push(`History of this healing: <${facts.webUiUrl}>`);
  }
  parts.push(`---\nchange set ${inlineCode(changeSet.hash)}`);
  if (checkpoint !== null) {
    const summary = `Audit trail at this moment: ${checkpoint.size} entries, signed`;
    parts.push(`<details><summary>${summary}</summary>\n\n${fenced(checkpoint.note, 'text')}\n\n</details>`);
  }
  return parts.join('\n\n').slice(0, MAX_BODY);
}
