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
  usd: ['US dollars', 4],
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
  const round = (amount: number): string => String(Math.round(amount * 10 ** digits) / 10 ** digits);
  const where = lowered
    ? `\`budget.${setting === 'perIncident' ? setting : 'perDay'}.${over.unit}\` in the repository's policy`
    : `\`budget.${setting}.${over.unit}\` in the server's configuration`;
  return (
    `The budget ${scope} is used up: ${round(over.used)} of ${round(over.limit)} ${unit} are used or set aside, ` +
    `and this step may need ${round(wanted)} more. ` +
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

/** Pull requests that are looked at; more open ones than that say enough. */
const MAX_LISTED = 100;

/** Whether reviewers have as many open pull requests of ours as the policy asks of them; then a person says whether there may be another. */
async function tooManyOpen(deps: ActivityDeps, healingId: string, { incident, policy }: Dossier): Promise<OverBudget | null> {
  const listed = await deps.forge.changes.listOpen(incident.repo, MAX_LISTED);
  const open = listed.filter(({ headBranch }) => headBranch.startsWith('suture/')).length;
  if (open < policy.maxOpenPullRequests) return null;
  return {
    kind: 'over-budget',
    detail:
      `${open} pull requests of Suture are open in this repository, and its policy wants at most ${policy.maxOpenPullRequests}. ` +
      `Merge or close some and ask again, allow this one here, or raise \`maxOpenPullRequests\` in the repository's policy.`,
    hash: keyHash(JSON.stringify([healingId, 'open-pull-requests', open]), 64),
    approvers: policy.approvers,
  };
}

/** What attempts and pull requests use. */
export function budgetActivities(deps: ActivityDeps): Pick<Activities, 'reserveBudget' | 'settleBudget'> {
  return {
    async reserveBudget({ key, healingId, dossier: ref, what, raised }) {
      const dossier = await readDossier(deps, ref);
      const crowded = what === 'pull-request' && raised === 0 ? await tooManyOpen(deps, healingId, dossier) : null;
      if (crowded !== null) return crowded;
      const amounts = what === 'attempt' ? { attempts: 1, minutes: expectedMinutes(dossier) } : { pullRequests: 1 };
      return setAside(deps, { key, healingId, dossier, amounts, raised });
    },
    settleBudget: ({ key, minutes }) => deps.budget.settle(key, { minutes }),
  };
}
