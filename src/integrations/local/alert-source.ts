import { parseHealingId } from '../../domain/ids.ts';
import { Subject } from '../../domain/names.schema.ts';
import type { Signal } from '../../domain/signal.schema.ts';
import { isSigned } from '../../lib/hmac-signature.ts';
import { parseOutsideJson } from '../../lib/safe-json.ts';
import type { AlertSource, Parsed, RawRequest } from '../contract.ts';
import { SUTURE_ACTOR, SUTURE_BRANCHES } from './actors.ts';
import { type EventPull, ForgeEvent } from './event.schema.ts';

/** Largest event in bytes; ours are a few kB. */
const MAX_BYTES = 256 * 1024;

type Answer = ReturnType<AlertSource['parse']>;
type EventOf<Name extends ForgeEvent['event']> = Extract<ForgeEvent, { readonly event: Name }>;

function ignored(reason: string): Parsed {
  return { kind: 'ignored', reason };
}

/** The subject of the healing that a pull request of Suture's belongs to; null for everybody else's, whatever their text says. */
function ownSubject(event: ForgeEvent, pull: EventPull): string | null {
  if (pull.author !== SUTURE_ACTOR || !pull.headBranch.startsWith(SUTURE_BRANCHES) || pull.fork) {
    return null;
  }
  const id = /suture:(heal\/[^\s#>]+)/.exec(pull.marker ?? '')?.[1];
  const healing = id === undefined ? null : parseHealingId(id);
  return healing?.repo.owner === event.repository.owner &&
    healing.repo.name === event.repository.name &&
    Subject.safeParse(healing.subject).success
    ? healing.subject
    : null;
}

function oneSignal(
  event: ForgeEvent,
  subject: string,
  rest: Pick<Signal, 'kind' | 'summary' | 'facts'> & { readonly sha?: string },
  suffix = '',
): Answer {
  if (!Subject.safeParse(subject).success) {
    return ignored('the name of the branch cannot be a subject');
  }
  const signal: Signal = {
    id: `${event.delivery}${suffix}`,
    source: 'local',
    repo: event.repository,
    subject,
    at: event.at,
    actor: event.actor,
    ...rest,
    summary: rest.summary.slice(0, 300),
  };
  return { kind: 'signals', signals: [signal] };
}

function fromCheck(event: EventOf<'check_completed'>): Answer {
  const { check, pullRequests, branches } = event;
  const failed = check.conclusion === 'failure' || check.conclusion === 'timed-out';
  if (!failed && check.conclusion !== 'success') {
    return ignored(`the check ended as ${check.conclusion}, which says nothing about the code`);
  }
  const kind = failed ? 'check-failed' : 'check-passed';
  const summary = `check ${check.name} ${failed ? (check.conclusion === 'timed-out' ? 'timed out' : 'failed') : 'passed'}`;
  const facts = { check: check.name, conclusion: check.conclusion, required: String(check.required) };
  const signals: Signal[] = [];
  for (const pull of pullRequests.filter((candidate) => candidate.state !== 'closed')) {
    const subject = ownSubject(event, pull);
    const answer = oneSignal(
      event,
      subject ?? `pr/${pull.number}`,
      {
        kind,
        sha: check.sha,
        summary: `${summary} on pull request ${pull.number}`,
        facts: {
          ...facts,
          number: String(pull.number),
          branch: pull.headBranch,
          fork: String(pull.fork),
          ...(subject === null ? {} : { own: 'true' }),
        },
      },
      signals.length === 0 ? '' : `-${signals.length}`,
    );
    signals.push(...(answer.kind === 'signals' ? answer.signals : []));
  }
  // What a pull request is about is not reported again for its branch; nobody works on the branch of a closed one.
  const covered = new Set(pullRequests.filter((pull) => pull.headBranch !== pull.baseBranch).map((pull) => pull.headBranch));
  for (const branch of branches.filter((name) => !covered.has(name) && !name.startsWith(SUTURE_BRANCHES))) {
    const answer = oneSignal(
      event,
      `branch/${branch}`,
      { kind, sha: check.sha, summary: `${summary} on ${branch}`, facts: { ...facts, branch } },
      signals.length === 0 ? '' : `-${signals.length}`,
    );
    signals.push(...(answer.kind === 'signals' ? answer.signals : []));
  }
  return signals.length === 0
    ? ignored('the revision is the head of no pull request and of no branch that is watched')
    : { kind: 'signals', signals };
}

const PULL_KINDS = { closed: 'change-closed', merged: 'change-merged', synchronize: 'head-moved' } as const;

function fromPull(event: EventOf<'pull_request'>): Answer {
  const { action, pullRequest: pull } = event;
  if (action === 'opened' || action === 'reopened') {
    return ignored(`a pull request was ${action}: its checks say whether something is wrong`);
  }
  const subject = ownSubject(event, pull);
  if (subject !== null && action === 'synchronize' && event.actor.id === SUTURE_ACTOR) {
    return ignored('our own push');
  }
  return oneSignal(event, subject ?? `pr/${pull.number}`, {
    kind: PULL_KINDS[action],
    sha: action === 'merged' && pull.mergeSha !== null ? pull.mergeSha : pull.headSha,
    summary: `pull request ${pull.number}: ${action}`,
    facts: { number: String(pull.number), branch: pull.headBranch, ...(subject === null ? {} : { own: 'true' }) },
  });
}

function fromDeployment(event: EventOf<'deployment_status'>): Answer {
  const { deployment, pullRequest } = event;
  const subject = pullRequest === null ? null : ownSubject(event, pullRequest);
  if (subject === null) {
    return ignored('the deployment is not of a repair');
  }
  return oneSignal(event, subject, {
    kind: 'deployment-finished',
    sha: deployment.sha,
    summary: `deployment ${deployment.id} to ${deployment.environment}: ${event.action}`,
    facts: { deployment: deployment.id, environment: deployment.environment, state: event.action, own: 'true' },
  });
}

function fromEvent(event: ForgeEvent): Answer {
  switch (event.event) {
    case 'check_completed':
      return fromCheck(event);
    case 'pull_request':
      return fromPull(event);
    case 'deployment_status':
      return fromDeployment(event);
    case 'push':
      return ignored('a push is followed by its checks, which say whether something is wrong');
  }
}

const EVENTS: readonly string[] = ['check_completed', 'pull_request', 'push', 'deployment_status'];

function parse({ body }: RawRequest): Answer {
  const read = parseOutsideJson(body);
  if (!read.ok) {
    return { kind: 'invalid', reason: read.reason };
  }
  const { value } = read;
  if (typeof value !== 'object' || value === null || !('event' in value) || typeof value.event !== 'string') {
    return { kind: 'invalid', reason: 'not an event: "event" is missing' };
  }
  if (!EVENTS.includes(value.event)) {
    return ignored(`events of kind ${JSON.stringify(value.event.slice(0, 50))} are not used`);
  }
  const parsed = ForgeEvent.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { kind: 'invalid', reason: `${issue?.path.join('.') ?? 'event'}: ${issue?.message ?? 'does not fit'}`.slice(0, 300) };
  }
  return fromEvent(parsed.data);
}

/** Alert source for the local forge's own events. With two secrets either signs, so that one can be replaced without a gap. */
export function createLocalAlertSource(secrets: readonly string[]): AlertSource {
  return {
    maxBytes: MAX_BYTES,
    verify({ headers, body }) {
      const signature = headers['x-suture-signature-256'];
      if (secrets.length === 0) {
        return { ok: false, reason: 'no secret is configured for the local forge' };
      }
      if (signature === undefined) {
        return { ok: false, reason: 'the header X-Suture-Signature-256 is missing' };
      }
      return isSigned(secrets, body, signature) ? { ok: true } : { ok: false, reason: 'the signature does not fit the body' };
    },
    parse,
  };
}
