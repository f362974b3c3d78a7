import { type RepoRef, Subject } from '../../domain/names.schema.ts';
import type { Actor, Signal } from '../../domain/signal.schema.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { Parsed } from '../contract.ts';
import type { Common } from './payload.ts';

/** What is known of a delivery before its event is looked at. */
export interface Delivery {
  /** GUID, the same when GitHub is asked to deliver again. */
  readonly id: string;
  readonly event: string;
  readonly action: string | undefined;
  readonly repo: RepoRef;
  readonly repoId: number | undefined;
  readonly defaultBranch: string | undefined;
  readonly sender: Common['sender'];
  /** The whole payload, of which each event reads its own part. */
  readonly payload: unknown;
  readonly receivedAt: Date;
}

/** What the source is told about itself. */
export interface OwnNames {
  /** Login that Suture writes as. */
  readonly login: string;
  readonly startLabel: string;
  readonly stopLabel: string;
}

/** A signal before its delivery is known. */
export interface Draft {
  readonly kind: Signal['kind'];
  readonly subject: string;
  readonly actor: Actor;
  readonly summary: string;
  /** When it happened, as the payload says; when it arrived if that is no time. */
  readonly at: string | undefined;
  readonly sha?: string | undefined;
  /** Absent ones are left out. */
  readonly facts: Readonly<Record<string, string | number | undefined>>;
}

/** Longest fact, in characters: signals are kept in history. */
const MAX_FACT = 250;
/** Longest check name, in characters: it must fit the forge's own to be found again. */
const MAX_CHECK = 500;

/** The delivery says nothing that is used, and why. */
export function ignored(reason: string): Parsed {
  return { kind: 'ignored', reason: oneLine(reason, 300) };
}

/** A short quote of outside text for a reason. */
export function quoted(text: string | undefined): string {
  return text === undefined ? 'nothing' : JSON.stringify(oneLine(text, 60));
}

function timeOf(text: string | undefined, receivedAt: Date): string {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return (Number.isNaN(time) ? receivedAt : new Date(time)).toISOString();
}

function factsOf(facts: Draft['facts']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, oneLine(String(value), name === 'check' ? MAX_CHECK : MAX_FACT)]],
    ),
  );
}

/** The signals of a delivery; those whose subject cannot be one are left out. */
export function signalsOf(delivery: Delivery, drafts: readonly Draft[]): Parsed {
  const fitting = drafts.filter(({ subject }) => Subject.safeParse(subject).success);
  if (fitting.length === 0) return ignored(`${quoted(drafts[0]?.subject)} cannot be the subject of a healing`);
  const signals = fitting.map(({ kind, subject, actor, summary, at, sha, facts }, index): Signal => {
    return {
      id: index === 0 ? delivery.id : `${delivery.id}-${index}`,
      source: 'github',
      kind,
      repo: delivery.repo,
      subject,
      at: timeOf(at, delivery.receivedAt),
      actor,
      summary: oneLine(summary, 300),
      ...(sha === undefined ? {} : { sha }),
      facts: factsOf(facts),
    };
  });
  return { kind: 'signals', signals };
}
