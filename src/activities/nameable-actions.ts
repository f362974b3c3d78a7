import type { Incident } from '../domain/incident.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { StrategyContext } from '../strategies/contract.ts';
import type { ActivityDeps } from './deps.ts';

/** Production actions that a plan for this incident may name: those that the policy names for its service and the server defines. */
export function nameableActions(
  { actions }: Pick<ActivityDeps, 'actions'>,
  { service }: Incident,
  { services }: RepositoryPolicy,
): StrategyContext['actions'] {
  const declared = services.find(({ name, environment }) => name === service?.name && environment === service.environment);
  return (declared?.actions ?? []).flatMap(({ name }) => {
    const action = Object.hasOwn(actions.defined, name) ? actions.defined[name] : undefined;
    if (action === undefined || (action.services.length > 0 && !action.services.includes(declared?.name ?? ''))) return [];
    const choices = Object.entries(action.parameters).map(([parameter, { values }]) => [parameter, values] as const);
    return [{ name, title: action.title, choices: Object.fromEntries(choices) }];
  });
}
