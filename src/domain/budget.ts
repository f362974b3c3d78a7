/** What is counted. Money is US dollars, minutes are those that commands ran in the sandbox. */
export const BUDGET_UNITS = ['tokens', 'usd', 'minutes', 'attempts', 'pullRequests'] as const;
/** What is counted. */
export type BudgetUnit = (typeof BUDGET_UNITS)[number];

/** Amounts by unit; a unit that is absent is not meant. */
export type BudgetAmounts = Readonly<Partial<Record<BudgetUnit, number>>>;

/** Limits by scope; what is absent has no limit there. Days are UTC. */
export interface BudgetLimits {
  readonly perIncident: BudgetAmounts;
  readonly perRepositoryDay: BudgetAmounts;
  readonly perOrganisationDay: BudgetAmounts;
  readonly perDay: BudgetAmounts;
}

/** Amounts that one scope is asked for, with its limit. */
export interface BudgetClaim {
  readonly scope: string;
  readonly amounts: BudgetAmounts;
  readonly limits: BudgetAmounts;
}

/** Limits as a policy file has them. */
type BudgetWish = { readonly [unit in BudgetUnit]?: number | undefined };

/** The stricter of two limits, unit by unit. */
function stricter(a: BudgetAmounts, b: BudgetWish): BudgetAmounts {
  const both = BUDGET_UNITS.flatMap((unit) => {
    const limits = [a[unit], b[unit]].filter((limit) => limit !== undefined);
    return limits.length === 0 ? [] : [[unit, Math.min(...limits)] as const];
  });
  return Object.fromEntries(both);
}

/** What a repository allows itself: it can only lower what the server allows. */
export function clampBudget(server: BudgetLimits, policy: { readonly perIncident: BudgetWish; readonly perDay: BudgetWish }): BudgetLimits {
  return {
    ...server,
    perIncident: stricter(server.perIncident, policy.perIncident),
    perRepositoryDay: stricter(server.perRepositoryDay, policy.perDay),
  };
}

/** Scopes of one incident's claim. Every time a person raises the budget, the incident may use its limit once more, and the day of its repository goes with it. */
export function budgetClaims(input: {
  /** Names this very incident: a healing's id comes back whenever its subject breaks again. */
  readonly incident: string;
  readonly repo: { readonly owner: string; readonly name: string };
  /** ISO 8601 UTC. */
  readonly now: string;
  readonly amounts: BudgetAmounts;
  readonly limits: BudgetLimits;
  readonly raised: number;
}): readonly BudgetClaim[] {
  const { amounts, limits, raised } = input;
  const day = input.now.slice(0, 10);
  const { owner, name } = input.repo;
  const more = (base: BudgetAmounts): BudgetAmounts =>
    Object.fromEntries(
      Object.entries(base).map(([unit, limit]) => [unit, limit + raised * (limits.perIncident[unit as BudgetUnit] ?? limit)]),
    );
  return [
    { scope: `incident/${input.incident}`, amounts, limits: more(limits.perIncident) },
    { scope: `repository/${owner}/${name}/${day}`, amounts, limits: more(limits.perRepositoryDay) },
    { scope: `organisation/${owner}/${day}`, amounts, limits: more(limits.perOrganisationDay) },
    { scope: `day/${day}`, amounts, limits: more(limits.perDay) },
  ];
}
