import { healingId } from '../domain/ids.ts';
import type { Signal } from '../domain/signal.schema.ts';
import type { CommandDesk } from '../integrations/contract.ts';
import { escapeMarkdown, inlineCode } from '../lib/escape.ts';
import { oneLine } from '../lib/one-line.ts';
import type { DecisionResult } from '../temporal/contract.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { inWords } from './healing-in-words.ts';
import { forgeGroups } from './identify.ts';
import { keyHash } from './keys.ts';
import { readPolicy } from './read-policy.ts';

type Answer = Awaited<ReturnType<Activities['obeyCommand']>>;
type Input = Parameters<Activities['obeyCommand']>[0];

const obeyed = (detail: string): Answer => ({ kind: 'obeyed', detail: oneLine(detail, 300) });
const refused = (detail: string): Answer => ({ kind: 'refused', detail: oneLine(detail, 300) });

/** What a healing shows, for a comment; everything from outside escaped. */
async function shown({ healings, redact }: ActivityDeps, id: string, long: boolean): Promise<string> {
  const view = await healings.view(id);
  if (view === null) return 'No healing is known for this.';
  const state = view.outcome === undefined ? view.state : `${view.outcome.kind} (${view.outcome.reason})`;
  const link = healings.webUiUrl(id);
  const facts = [
    ['state', state],
    ['cause', view.cause],
    ['fix', view.strategy],
    ['why', view.outcome?.detail],
    ['joined', view.joined?.map((each) => `${each.healingId} (${each.why})`).join('; ')],
    [
      'waits for',
      view.approval === undefined
        ? undefined
        : `approval by ${view.approval.approvers.join(', ') || 'a maintainer'}: ${view.approval.reasons.join('; ')}`,
    ],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${escapeMarkdown(oneLine(redact(value), 500))}`]));
  const story = long
    ? view.timeline.slice(-20).map(({ at, text }) => `1. ${at.slice(11, 19)} ${escapeMarkdown(oneLine(redact(text), 200))}`)
    : [];
  return [
    `**${escapeMarkdown(oneLine(redact(view.title), 200))}**`,
    facts.join('\n'),
    ...(story.length === 0 ? [] : [story.join('\n')]),
    ...(link === undefined || !/^https?:\/\/[^\s<>()"'`]+$/.test(link) ? [] : [`History: <${link}>`]),
  ].join('\n\n');
}

function decisionAnswer(result: DecisionResult, verb: string): Answer {
  switch (result.kind) {
    case 'applied':
      return obeyed(verb);
    case 'stored':
      return obeyed(`${verb}; it takes effect as soon as a worker is there`);
    case 'refused':
      return refused(result.detail);
    case 'not-found':
      return refused('no healing is under way here');
  }
}

/** Where somebody decided, for the trail: only a source with a desk of its own can be one. */
const door = ({ desks }: ActivityDeps, { source }: Signal) => (source === 'slack' && desks.has(source) ? 'slack' : 'comment');

async function decide(deps: ActivityDeps, { signal }: Input, verdict: 'approve' | 'reject'): Promise<Answer> {
  const id = healingId(signal.repo, signal.subject);
  // Nothing waits any more once it was decided: who repeats this must find what it was about to decide on, and gets the first answer again.
  const begun = `command/${signal.source}/${signal.id}/decides`;
  const changeSetHash = (await deps.records.get(begun)) ?? (await deps.healings.view(id))?.approval?.changeSetHash;
  if (changeSetHash === undefined) return refused('nothing waits for a decision here');
  const seen = signal.facts['changeSet'];
  // Who names what they saw decides on that and nothing newer.
  if (seen !== undefined && !changeSetHash.startsWith(seen))
    return refused(`the change is another one by now: ${changeSetHash.slice(0, 12)}`);
  await deps.records.putOnce(begun, changeSetHash);
  const result = await deps.healings.decide(id, {
    id: signal.id,
    verdict,
    changeSetHash,
    actor: signal.actor,
    via: door(deps, signal),
  });
  return decisionAnswer(result, verdict === 'approve' ? 'approved' : 'rejected');
}

/** Hands the decision on; the same change set is named again when this is repeated after it was done. */
async function delegate(deps: ActivityDeps, { signal }: Input): Promise<Answer> {
  const id = healingId(signal.repo, signal.subject);
  const to = signal.facts['to'] ?? '';
  const begun = `command/${signal.source}/${signal.id}/delegates`;
  const changeSetHash = (await deps.records.get(begun)) ?? (await deps.healings.view(id))?.approval?.changeSetHash;
  if (changeSetHash === undefined) return refused('nothing waits for a decision here');
  await deps.records.putOnce(begun, changeSetHash);
  return decisionAnswer(
    await deps.healings.delegate(id, { id: signal.id, changeSetHash, actor: signal.actor, to, via: door(deps, signal) }),
    `handed to ${to}`,
  );
}

async function begin(deps: ActivityDeps, { signal, settings }: Input): Promise<Answer> {
  const id = healingId(signal.repo, signal.subject);
  const webUiUrl = deps.healings.webUiUrl(id);
  await deps.healings.report(
    { repo: signal.repo, subject: signal.subject, settings, ...(webUiUrl === undefined ? {} : { webUiUrl }) },
    { ...signal, kind: 'requested', summary: oneLine(`${signal.actor.id} asked for it`, 300) },
  );
  return obeyed('on it');
}

/** Does what a confirmed person asked for. */
async function obey(deps: ActivityDeps, input: Input): Promise<Answer> {
  const { signal } = input;
  const id = healingId(signal.repo, signal.subject);
  switch (signal.facts['command']) {
    case 'heal':
    case 'retry':
      return begin(deps, input);
    case 'approve':
      return decide(deps, input, 'approve');
    case 'reject':
      return decide(deps, input, 'reject');
    case 'delegate':
      return delegate(deps, input);
    case 'split':
      return decisionAnswer(
        await deps.healings.split(id, { id: signal.id, actor: signal.actor, joined: signal.facts['to'] ?? '' }),
        'split; the other healing goes its own way',
      );
    case 'review-approved':
    case 'review-rejected': {
      const read = await readPolicy(deps, signal.repo, input.settings);
      if (read.kind === 'invalid' || !read.policy.approval.byReview) return { kind: 'ignored', detail: 'reviews are no approval here' };
      // What was pushed after the review is not what was reviewed.
      const number = Number(signal.facts['number']);
      const reviewed = Number.isSafeInteger(number) ? await deps.forge.changes.get(signal.repo, number) : null;
      if (reviewed?.headSha !== signal.sha) return refused('the review is of an older commit of the pull request');
      return decide(deps, input, signal.facts['command'] === 'review-approved' ? 'approve' : 'reject');
    }
    case 'stop':
      return decisionAnswer(
        await deps.healings.stop(id, { id: signal.id, actor: signal.actor, comment: 'stopped from a comment' }),
        'stopped',
      );
    case 'status':
    case 'explain': {
      const long = signal.facts['command'] === 'explain';
      // A desk escapes for its own place.
      return { kind: 'obeyed', detail: await (deps.desks.has(signal.source) ? inWords(deps, id, long) : shown(deps, id, long)) };
    }
    default:
      return { kind: 'ignored', detail: 'no such command' };
  }
}

const ANSWERED: ReadonlySet<string> = new Set(['status', 'explain']);

async function reply(deps: ActivityDeps, signal: Signal, answer: Answer): Promise<void> {
  const { people } = deps.forge;
  const { comment, command = '', number = '' } = signal.facts;
  if (comment !== undefined) await people.react(signal.repo, comment, answer.kind === 'obeyed' ? 'done' : 'refused');
  if (!/^[1-9]\d{0,9}$/.test(number)) return;
  const text = ANSWERED.has(command)
    ? answer.detail
    : answer.kind === 'refused' && comment !== undefined
      ? `${inlineCode(`/suture ${command}`)} was not done: ${escapeMarkdown(deps.redact(answer.detail))}`
      : null;
  if (text !== null) await people.answer(signal.repo, Number(number), `<!-- suture-answer:${keyHash(signal.id, 16)} -->`, text);
}

const DECIDES: ReadonlySet<string> = new Set(['approve', 'reject', 'delegate', 'review-approved', 'review-rejected']);

/** Whom the healing asks right now, for commands that decide: the vendor is asked about the groups among them. */
async function askedApprovers({ healings }: ActivityDeps, { facts, repo, subject }: Signal): Promise<readonly string[]> {
  if (!DECIDES.has(facts['command'] ?? '')) return [];
  return (await healings.view(healingId(repo, subject)))?.approval?.approvers ?? [];
}

/** Who may, and how they hear of it: by the desk of the signal's source, or by the forge. */
function counter(deps: ActivityDeps, signal: Signal, note: (text: string) => void): CommandDesk {
  const desk = deps.desks.get(signal.source);
  if (desk !== undefined) return desk;
  const { people } = deps.forge;
  return {
    async identify(repo, id) {
      const trust = await people.trust(repo, id);
      if (trust === 'outsider') return { id, trust };
      const found = await forgeGroups(deps, repo, id, await askedApprovers(deps, signal));
      if (found.note !== undefined) note(found.note);
      return { id, trust, ...found.groups };
    },
    async answer(given, actor, answer) {
      if (actor.trust !== 'outsider') return reply(deps, given, answer);
      // Nobody without rights gets an answer beyond a reaction: an answer to everybody is a way to make us spam.
      const { comment } = given.facts;
      if (comment !== undefined) await people.react(given.repo, comment, 'refused');
    },
  };
}

/** Commands in comments, labels, reviews and clicks: forge or desk say who may, Temporal says what is under way. */
export function commandActivities(deps: ActivityDeps): Pick<Activities, 'obeyCommand'> {
  return {
    async obeyCommand({ signal, settings }) {
      const notes: string[] = [];
      const desk = counter(deps, signal, (text) => notes.push(text));
      const actor = await desk.identify(signal.repo, signal.actor.id);
      const outsider = actor.trust === 'outsider';
      const confirmed: Signal = { ...signal, actor };
      const old = outsider ? null : ((await desk.outdated?.(confirmed)) ?? null);
      const came = outsider
        ? refused('somebody without write permission asked')
        : old !== null
          ? refused(old)
          : await obey(deps, { signal: confirmed, settings });
      // Who is refused although they should be in a group must hear what is wrong with the group.
      const answer = came.kind === 'refused' && notes.length > 0 ? refused([came.detail, ...notes].join('; ')) : came;
      await desk.answer(confirmed, actor, answer);
      // Anybody may comment at a forge, and what they cannot do would fill the trail.
      if (outsider && !deps.desks.has(signal.source)) return answer;
      await audit(deps, {
        key: `command/${signal.source}/${signal.id}`,
        action: 'command',
        healingId: healingId(signal.repo, signal.subject),
        repo: signal.repo,
        actor: actor.id,
        facts: { command: (signal.facts['command'] ?? '').slice(0, 50), result: answer.kind, trust: actor.trust, by: signal.actor.id },
      });
      return { kind: answer.kind, detail: oneLine(answer.detail, 300) };
    },
  };
}
