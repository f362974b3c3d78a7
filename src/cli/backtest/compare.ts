import type { RecordedCase } from './cases.ts';

/** How a case ended when it was told again. */
export interface Replayed {
  readonly kind: 'healed' | 'escalated' | 'abstained' | 'other';
  readonly reason: string;
  readonly class: string | null;
  readonly strategy: string | null;
  /** Hash of the change that would have been published. */
  readonly change: string | null;
  readonly tokens: number;
  readonly usd: number;
  readonly minutes: number;
}

/** One line of the result. */
export interface Compared {
  readonly healingId: string;
  readonly then: RecordedCase['then'];
  readonly now: Replayed;
  /** It would heal now what people or production took back then, with the same change. */
  readonly wrong: boolean;
  /** What is not as it was, in words; empty where nothing is. */
  readonly differences: readonly string[];
}

/** The four numbers, then and now, and what now costs. */
export interface Tally {
  readonly then: Numbers;
  readonly now: Numbers;
  readonly tokens: number;
  readonly usd: number;
  readonly minutes: number;
}

/** Never one number without the others. */
export interface Numbers {
  readonly healed: number;
  readonly escalated: number;
  readonly abstained: number;
  readonly wrong: number;
}

/** Ends in which people or production said no to a change. */
const SAID_NO: ReadonlySet<string> = new Set(['rejected', 'reverted']);

const numberOf = (kind: string): 'healed' | 'escalated' | 'abstained' =>
  kind === 'healed' ? 'healed' : kind === 'abstained' ? 'abstained' : 'escalated';

/** One case, then and now. */
export function compare({ healingId, then }: Pick<RecordedCase, 'healingId' | 'then'>, now: Replayed): Compared {
  const differences: string[] = [];
  const differs = (what: string, before: string | null, after: string | null) => {
    if (before !== after) differences.push(`${what} ${before ?? 'none'} -> ${after ?? 'none'}`);
  };
  differs('outcome', SAID_NO.has(then.kind) ? 'healed' : numberOf(then.kind), numberOf(now.kind));
  differs('class', then.class, now.class);
  differs('strategy', then.strategy, now.strategy);
  if (then.change !== now.change && then.change !== null && now.change !== null) differences.push('another change');
  const wrong = now.kind === 'healed' && SAID_NO.has(then.kind) && now.change === then.change;
  return { healingId, then, now, wrong, differences };
}

/** Adds the lines up. What was rejected or reverted then counts as wrong then. */
export function tally(lines: readonly Compared[]): Tally {
  const count = (of: (line: Compared) => keyof Numbers): Numbers => {
    const numbers = { healed: 0, escalated: 0, abstained: 0, wrong: 0 };
    for (const line of lines) numbers[of(line)] += 1;
    return numbers;
  };
  const sum = (of: (now: Replayed) => number) => lines.reduce((total, { now }) => total + of(now), 0);
  return {
    then: count(({ then }) => (SAID_NO.has(then.kind) ? 'wrong' : numberOf(then.kind))),
    now: count(({ wrong, now }) => (wrong ? 'wrong' : numberOf(now.kind))),
    tokens: sum(({ tokens }) => tokens),
    usd: sum(({ usd }) => usd),
    minutes: sum(({ minutes }) => minutes),
  };
}
