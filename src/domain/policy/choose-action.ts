import type { ProductionAction, WantedAction } from '../production-action.schema.ts';
import type { Autonomy } from '../verdict.schema.ts';
import { reaches } from './effective-policy.ts';

/** The next action for a service, or why there is none. */
export type ChosenAction =
  | {
      readonly kind: 'action';
      readonly name: string;
      readonly choices: Readonly<Record<string, string>>;
      readonly decision: 'allow' | 'ask';
      /** Why a person is asked. */
      readonly reason: string;
    }
  | { readonly kind: 'none'; readonly detail: string };

/** Chooses by the order of the policy alone: the first that was not tried, is defined for this service, and whose choices are all in their lists. Nothing that was reported or reasoned can name, make or change one. */
export function chooseAction(input: {
  readonly wanted: readonly WantedAction[];
  readonly defined: Readonly<Record<string, ProductionAction>>;
  readonly service: string;
  readonly autonomy: Autonomy;
  readonly tried: readonly string[];
  /** Times that each was done to this service today. */
  readonly doneToday: Readonly<Record<string, number>>;
}): ChosenAction {
  const { wanted, defined, service, autonomy, tried, doneToday } = input;
  if (wanted.length === 0) return { kind: 'none', detail: `the policy names no action for ${service}` };
  if (!reaches(autonomy, 'propose')) return { kind: 'none', detail: `the policy stops at \`${autonomy}\`` };
  const passed: string[] = [];
  for (const { name, with: asked } of wanted) {
    if (tried.includes(name)) {
      passed.push(`${name} was tried`);
      continue;
    }
    const action = Object.hasOwn(defined, name) ? defined[name] : undefined;
    if (action === undefined) {
      passed.push(`${name} is not defined on this server`);
      continue;
    }
    if (action.kind === 'deploy') {
      passed.push(`${name} deploys what is merged, and nothing else`);
      continue;
    }
    if (action.services.length > 0 && !action.services.includes(service)) {
      passed.push(`${name} is not for ${service}`);
      continue;
    }
    if ((doneToday[name] ?? 0) >= action.perDay) {
      passed.push(`${name} was done ${action.perDay} times today`);
      continue;
    }
    const foreign = Object.entries(asked).find(
      ([key, value]) => !Object.hasOwn(action.parameters, key) || action.parameters[key]?.values.includes(value) !== true,
    );
    if (foreign !== undefined) {
      passed.push(`${name} takes no ${foreign[0]} of that value`);
      continue;
    }
    const choices = Object.fromEntries(Object.entries(action.parameters).map(([key, { values }]) => [key, asked[key] ?? values[0] ?? '']));
    const alone = action.autonomy === 'alone' && reaches(autonomy, 'deploy');
    return {
      kind: 'action',
      name,
      choices,
      decision: alone ? 'allow' : 'ask',
      reason:
        action.autonomy === 'ask'
          ? `${action.title}: the server wants a person for it`
          : `${action.title}: the policy stops at \`${autonomy}\``,
    };
  }
  return { kind: 'none', detail: passed.join('; ').slice(0, 400) };
}
