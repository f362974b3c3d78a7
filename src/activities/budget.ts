import { type BudgetAmounts, type BudgetLimits, type BudgetUnit, budgetClaims, clampBudget } from '../domain/budget.ts';
import type { BudgetExceeded } from '../store/contract.ts';
import type { Activities, OverBudget } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { type Dossier, readDossier } from './dossier.ts';
import { keyHash } from './keys.ts';

/** What asks for a share of the budget. */
export interface Spending {
  /** Begins with the id of the healing and the one of its run. */
  readonly key: string;
  readonly healingId: string;
  readonly dossier: Dossier;
  readonly amounts: BudgetAmounts;
  readonly raised: number;
}

/** Names one incident: the id of a healing comes back whenever its subject breaks again, so its run is part of the name. */
function incidentOf({ key, healingId }: Pick<Spending, 'key' | 'healingId'>): string {
  const [run = ''] = key.startsWith(`${healingId}/`) ? key.slice(healingId.length + 1).split('/') : [];
  return run === '' ? healingId : `${healingId}/${run}`;
}

const UNITS: Readonly<Record<BudgetUnit, readonly [name: string, digits: number]>> = {
  tokens: ['tokens', 0],
  usd: ['US dollars', 2],
  minutes: ['minutes in the sandbox', 1],
  attempts: ['attempts', 0],
  pullRequests: ['pull requests', 0],
};

const SCOPES: Readonly<Record<string, readonly [name: string, setting: keyof BudgetLimits]>> = {
  incident: ['of this incident', 'perIncident'],
  repository: ['of this repository for today', 'perRepositoryDay'],
  organisation: ['of this owner for today', 'perOrganisationDay'],
  day: ['of this server for today', 'perDay'],
};

/** One sentence: what is used up, and how it is raised. */
function inWords(over: BudgetExceeded, wanted: number, lowered: boolean): string {
  const [unit, digits] = UNITS[over.unit];
  const [scope, setting] = SCOPES[over.scope.split('/')[0] ?? ''] ?? ['', 'perDay'];
  const round = (amount: number, up: number): string => String(Math.round(amount * 10 ** up) / 10 ** up);
  const where = lowered
    ? `\`budget.${setting === 'perIncident' ? setting : 'perDay'}.${over.unit}\` in the repository's policy`
    : `\`budget.${setting}.${over.unit}\` in the server's configuration`;
  return (
    `The budget ${scope} is used up: ${round(over.used, digits)} of ${round(over.limit, digits)} ${unit} are used or set aside, ` +
    `and this step may need ${round(wanted, Math.max(digits, wanted < 0.01 ? 4 : digits))} more. ` +
    `Allow it here, or raise ${where} for the next ones.`
  );
}

/** Sets amounts aside in every scope, or says what a person has to decide. */
export async function setAside(deps: ActivityDeps, spending: Spending): Promise<{ readonly kind: 'reserved' } | OverBudget> {
  const { key, amounts, raised } = spending;
  const { incident, policy } = spending.dossier;
  const limits = clampBudget(deps.budgetLimits, policy.budget);
  const name = incidentOf(spending);
  const claims = budgetClaims({ incident: name, repo: incident.repo, now: deps.now().toISOString(), amounts, limits, raised });
  const over = await deps.budget.reserve(key, claims);
  if (over === null) return { kind: 'reserved' };
  const setting = SCOPES[over.scope.split('/')[0] ?? '']?.[1] ?? 'perDay';
  return {
    kind: 'over-budget',
    detail: inWords(over, amounts[over.unit] ?? 0, limits[setting][over.unit] !== deps.budgetLimits[setting][over.unit]),
    // The same question until it is answered, another one after that.
    hash: keyHash(JSON.stringify([name, over.scope, over.unit, raised]), 64),
    approvers: policy.approvers,
  };
}

/** Minutes that an attempt is expected to run commands: the failing one without and with its repair, at its limit. */
function expectedMinutes({ incident }: Dossier): number {
  return (2 * incident.failing.timeoutSeconds) / 60;
}

/** What attempts and pull requests use. */
export function budgetActivities(deps: ActivityDeps): Pick<Activities, 'reserveBudget' | 'settleBudget'> {
  return {
    async reserveBudget({ key, healingId, dossier: ref, what, raised }) {
      const dossier = await readDossier(deps, ref);
      const amounts = what === 'attempt' ? { attempts: 1, minutes: expectedMinutes(dossier) } : { pullRequests: 1 };
      return setAside(deps, { key, healingId, dossier, amounts, raised });
    },
    settleBudget: ({ key, minutes }) => deps.budget.settle(key, { minutes }),
  };
}
