import { HandOver } from '../domain/hand-over.schema.ts';
import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { getChangeSet } from './stored.ts';

type Escalation = Parameters<Activities['escalate']>[0];

const BRANCH = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/;
const SHA = /^[0-9a-f]{40}$/;

/** Commands to go on by hand, from values that were checked here: nothing from outside gets into a line that people paste into a shell. */
export function handOverCommands(input: Pick<Escalation, 'incident' | 'change' | 'healingId'>): readonly string[] {
  const { incident, change } = input;
  const commands: string[] = [];
  if (change !== null && BRANCH.test(change.branch)) {
    commands.push(`git fetch origin ${change.branch}`, `git switch ${change.branch}`);
  } else if (incident !== null && SHA.test(incident.headSha)) {
    commands.push('git fetch origin', `git switch --detach ${incident.headSha}`);
  }
  if (incident?.lastGreenSha !== undefined && SHA.test(incident.lastGreenSha) && SHA.test(incident.headSha)) {
    commands.push(
      `git log --oneline ${incident.lastGreenSha}..${incident.headSha}`,
      `git diff ${incident.lastGreenSha} ${incident.headSha}`,
    );
  }
  if (/^heal\/[A-Za-z0-9._:/-]{1,290}$/.test(input.healingId)) {
    commands.push(`suture status ${input.healingId}`);
  }
  return commands;
}

async function storeDiff(deps: ActivityDeps, { repo, changeSet }: Escalation): Promise<HandOver['diff']> {
  if (changeSet === null) {
    return undefined;
  }
  try {
    return await deps.artifacts.put(
      deps.redact(await deps.forge.repositories.diff(repo, await getChangeSet(deps, changeSet))),
      'text/x-diff',
    );
  } catch (error) {
    // People are told in any case; a diff that cannot be made is missing from the bundle, nothing more.
    deps.log.warn({ err: error }, 'the diff for a hand-over could not be made');
    return undefined;
  }
}

async function handOver(deps: ActivityDeps, input: Escalation): Promise<HandOver> {
  const { incident, diagnosis, outcome, change } = input;
  const say = (text: string, max: number): string => oneLine(deps.redact(text), max);
  const diff = await storeDiff(deps, input);
  const refusals = input.refusals.map((refusal) => say(`${refusal.strategy} did not apply: ${refusal.detail}`, 500));
  const hypotheses =
    diagnosis === null
      ? []
      : [
          {
            text: say(`${diagnosis.cause} (class ${diagnosis.class}, confidence ${Math.round(diagnosis.confidence * 100)} %)`, 500),
            evidence: [...diagnosis.evidence.map((line) => say(line, 500)), ...refusals].slice(0, 20),
          },
        ];
  return HandOver.parse({
    healingId: input.healingId.slice(0, 300),
    repo: input.repo,
    subject: input.subject,
    outcome: { kind: outcome.kind, reason: outcome.reason, detail: say(outcome.detail, 500) },
    title: say(incident?.title ?? `${input.repo.owner}/${input.repo.name} ${input.subject}`, 200),
    hypotheses,
    tried: input.tried
      .slice(0, 50)
      .map(({ strategy, planTitle, result }) => ({ strategy: strategy.slice(0, 50), result: say(`${planTitle}: ${result}`, 300) })),
    ...(change === null ? {} : { branch: change.branch.slice(0, 250) }),
    ...(diff === undefined ? {} : { diff }),
    commands: handOverCommands(input),
    ...(input.webUiUrl === undefined ? {} : { webUiUrl: input.webUiUrl.slice(0, 500) }),
  });
}

/** Tells every notifier; one that fails does not keep the others from it. The keys make the repeat harmless for those that were told. */
async function tellAll(tell: ReadonlyArray<() => Promise<void>>): Promise<void> {
  const results = await Promise.allSettled(tell.map((each) => each()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}

/** Telling people: the hand-over bundle when a healing gives up, one line when it needs or says something. */
export function escalateActivities(deps: ActivityDeps): Pick<Activities, 'escalate' | 'notify'> {
  return {
    async escalate(input) {
      const message = await handOver(deps, input);
      const text = oneLine(`${message.outcome.kind} (${message.outcome.reason}): ${message.title}. ${message.outcome.detail}`, 500);
      await tellAll(
        [...deps.notifiers.values()].flatMap((notifier) => [
          () => notifier.handOver(message, input.key),
          () => notifier.notify({ healingId: input.healingId, kind: 'escalation', text }, `${input.key}/line`),
        ]),
      );
      await audit(deps, {
        key: `${input.key}/told`,
        action: 'handed-over',
        healingId: input.healingId,
        repo: input.repo,
        facts: { reason: input.outcome.reason, notifiers: deps.notifiers.size, diff: message.diff?.sha256 ?? null },
      });
    },
    async notify({ key, healingId, kind, text }) {
      const line = oneLine(deps.redact(text), 500);
      await tellAll([...deps.notifiers.values()].map((notifier) => () => notifier.notify({ healingId, kind, text: line }, key)));
      await audit(deps, { key: `${key}/told`, action: 'people-told', healingId, facts: { kind, notifiers: deps.notifiers.size } });
    },
  };
}
