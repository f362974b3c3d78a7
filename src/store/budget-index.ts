import { z } from 'zod';
import { BUDGET_UNITS, type BudgetAmounts, type BudgetClaim } from '../domain/budget.ts';
import type { BudgetExceeded } from './contract.ts';

const Amounts = z.partialRecord(z.enum(BUDGET_UNITS), z.number().nonnegative());

/** One line of the ledger. Times are ISO 8601 UTC; `key` is the SHA-256 of the reservation's key. */
export const BudgetLine = z.discriminatedUnion('t', [
  /** First of a file; another `id` is another file, whatever its name. */
  z.object({ t: z.literal('ledger'), v: z.literal(1), id: z.string().max(64) }),
  /** All that a scope had when the file was written anew. */
  z.object({ t: z.literal('total'), at: z.string(), scope: z.string(), used: Amounts }),
  /** `counted`: it is part of the totals before it. */
  z.object({
    t: z.literal('reserved'),
    at: z.string(),
    key: z.string(),
    scopes: z.array(z.string()),
    amounts: z.array(Amounts),
    counted: z.literal(true).optional(),
  }),
  z.object({ t: z.literal('settled'), at: z.string(), key: z.string(), used: Amounts, counted: z.literal(true).optional() }),
]);
export type BudgetLine = z.infer<typeof BudgetLine>;

interface Reservation {
  readonly at: string;
  /** Empty once it is settled: nothing more is done with it. */
  readonly claims: ReadonlyArray<readonly [scope: string, amounts: BudgetAmounts]>;
  readonly settled: boolean;
}

/** What one process knows of the ledger. */
export interface BudgetIndex {
  readonly scopes: Map<string, { readonly at: string; readonly used: BudgetAmounts }>;
  readonly reservations: Map<string, Reservation>;
}

/** Knows nothing yet. */
export function emptyBudgetIndex(): BudgetIndex {
  return { scopes: new Map(), reservations: new Map() };
}

// Money is added up in fractions of a cent; what only rounding made is nothing.
const EPSILON = 1e-9;

function add(index: BudgetIndex, scope: string, amounts: BudgetAmounts, sign: 1 | -1, at: string): void {
  const used = { ...index.scopes.get(scope)?.used };
  for (const unit of BUDGET_UNITS) {
    const amount = amounts[unit];
    if (amount === undefined) continue;
    const sum = (used[unit] ?? 0) + sign * amount;
    used[unit] = sum < EPSILON ? 0 : sum;
  }
  index.scopes.set(scope, { at, used });
}

/** Takes one line into the index. */
export function learnBudget(index: BudgetIndex, line: BudgetLine): void {
  switch (line.t) {
    case 'ledger':
      return;
    case 'total':
      index.scopes.set(line.scope, { at: line.at, used: line.used });
      return;
    case 'reserved': {
      if (index.reservations.has(line.key)) return;
      const claims = line.scopes.map((scope, at) => [scope, line.amounts[at] ?? {}] as const);
      index.reservations.set(line.key, { at: line.at, claims, settled: false });
      if (line.counted !== true) for (const [scope, amounts] of claims) add(index, scope, amounts, 1, line.at);
      return;
    }
    case 'settled': {
      const reservation = index.reservations.get(line.key) ?? { at: line.at, claims: [], settled: false };
      if (reservation.settled) return;
      index.reservations.set(line.key, { at: reservation.at, claims: [], settled: true });
      if (line.counted === true) return;
      for (const [scope, reserved] of reservation.claims) {
        // Only what is named is known: the rest was used as it was set aside.
        const set = Object.fromEntries(Object.entries(reserved).filter(([unit]) => unit in line.used));
        add(index, scope, set, -1, line.at);
        add(index, scope, line.used, 1, line.at);
      }
    }
  }
}

/** The first thing in the way of these claims; null when all of them fit. */
export function exceeded(index: BudgetIndex, claims: readonly BudgetClaim[]): BudgetExceeded | null {
  for (const { scope, amounts, limits } of claims) {
    for (const unit of BUDGET_UNITS) {
      const limit = limits[unit];
      const wanted = amounts[unit] ?? 0;
      const used = index.scopes.get(scope)?.used[unit] ?? 0;
      if (limit !== undefined && wanted > 0 && used + wanted > limit + EPSILON) return { scope, unit, used, limit };
    }
  }
  return null;
}

/** What is still worth keeping, as the lines of a new file: scopes touched and keys reserved since then. */
export function* summary(index: BudgetIndex, since: { readonly scopes: string; readonly keys: string }): Generator<BudgetLine> {
  for (const [scope, { at, used }] of index.scopes) if (at >= since.scopes) yield { t: 'total', at, scope, used };
  for (const [key, { at, claims, settled }] of index.reservations) {
    if (at < since.keys) continue;
    if (settled) yield { t: 'settled', at, key, used: {}, counted: true };
    else yield { t: 'reserved', at, key, scopes: claims.map(([scope]) => scope), amounts: claims.map(([, each]) => each), counted: true };
  }
}
