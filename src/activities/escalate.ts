import { HandOver } from '../domain/hand-over.schema.ts';
import { proposalInWords } from '../domain/proposal-in-words.ts';
import { oneLine } from '../lib/excerpt.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { storeDiff } from './present-change.ts';
import { hearers, tellEach } from './tell.ts';

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

/** The service that the incident concerns, and who owns it, by the policy that the healing goes by. */
async function serviceOf(deps: ActivityDeps, { incident }: Escalation): Promise<Pick<HandOver, 'owner' | 'service'>> {
  if (incident?.service === undefined) return {};
  const service = incident.service.slice(0, 100);
  try {
    const { policy } = await readDossier(deps, incident.dossier);
    const found = policy.services.filter((each) => each.name === incident.service);
    const { owner } = found.find((each) => each.environment === incident.environment) ?? found[0] ?? {};
    return { service, ...(owner === undefined ? {} : { owner }) };
  } catch (error) {
    // A bundle without the owner is better than none.
    deps.log.warn({ err: error }, 'the owner of a service could not be read');
    return { service };
  }
}

async function handOver(deps: ActivityDeps, input: Escalation): Promise<HandOver> {
  const { incident, diagnosis, outcome, change } = input;
  const say = (text: string, max: number): string => oneLine(deps.redact(text), max);
  const diff = input.changeSet === null ? null : await storeDiff(deps, input.repo, input.changeSet);
  const refusals = input.refusals.map((refusal) => say(`${refusal.strategy} did not apply: ${refusal.detail}`, 500));
  const proposals = (input.proposals ?? []).map((proposal) => say(proposalInWords(proposal), 500));
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
    hypotheses: proposals.length === 0 ? hypotheses : [...hypotheses, { text: 'What is proposed besides', evidence: proposals }],
    tried: input.tried
      .slice(0, 50)
      .map(({ strategy, planTitle, result }) => ({ strategy: strategy.slice(0, 50), result: say(`${planTitle}: ${result}`, 300) })),
    ...(change === null ? {} : { branch: change.branch.slice(0, 250) }),
    ...(await serviceOf(deps, input)),
    ...(diff === null ? {} : { diff }),
    commands: handOverCommands(input),
    ...(input.webUiUrl === undefined ? {} : { webUiUrl: input.webUiUrl.slice(0, 500) }),
  });
}

/** Telling people: the hand-over bundle when a healing gives up, one line when it needs or says something. */
export function escalateActivities(deps: ActivityDeps): Pick<Activities, 'escalate' | 'notify'> {
  return {
    async escalate(input) {
      const message = await handOver(deps, input);
      const { healingId, key } = input;
      const text = oneLine(`${message.outcome.kind} (${message.outcome.reason}): ${message.title}. ${message.outcome.detail}`, 500);
      const [bundle, line] = await Promise.allSettled([
        tellEach(deps, key, hearers(deps, { kind: 'hand-over' }), (notifier, own, to) => notifier.handOver(message, own, to)),
        tellEach(deps, `${key}/line`, hearers(deps, { kind: 'escalation' }), (notifier, own, to) =>
          notifier.notify({ healingId, kind: 'escalation', text, ...(to.length === 0 ? {} : { to }) }, own),
        ),
      ]);
      for (const each of [bundle, line]) if (each.status === 'rejected') throw each.reason;
      await audit(deps, {
        key: `${key}/told`,
        action: 'handed-over',
        healingId,
        repo: input.repo,
        facts: {
          reason: input.outcome.reason,
          notifiers: deps.notifiers.size,
          owner: message.owner ?? null,
          service: message.service ?? null,
          diff: message.diff?.sha256 ?? null,
        },
      });
    },
    async notify({ key, healingId, kind, text, reminder, tell, outcome }) {
      const line = oneLine(deps.redact(text), 500);
      const told = hearers(deps, { kind, reminder, outcome }, tell);
      await tellEach(deps, key, told, (notifier, own, to) =>
        notifier.notify(
          { healingId, kind, text: line, ...(outcome === undefined ? {} : { outcome }), ...(to.length === 0 ? {} : { to }) },
          own,
        ),
      );
      await audit(deps, { key: `${key}/told`, action: 'people-told', healingId, facts: { kind, notifiers: told.length } });
    },
  };
}
