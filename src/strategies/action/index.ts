import type { Plan } from '../../domain/plan.schema.ts';
import type { Rank, Strategy, StrategyAnswer, StrategyContext } from '../contract.ts';
import { RANKS } from '../ranks.ts';
import { refuser } from '../refuse.ts';
import { firstUntried } from '../tried.ts';

const REFUSES = {
  'not-production': 'the incident concerns no service',
  'in-the-repository': 'what broke it is in the repository, where it is repaired',
  'no-evidence': 'no deployment and no alert of the service is among the evidence',
  'no-action': 'the policy names no action of the server for the service',
  'all-tried': 'every action was proposed already',
} as const;
const no = refuser('action', REFUSES);
/** Classes for which nothing in the repository is to blame. */
const OUTSIDE: ReadonlySet<string> = new Set(['environment', 'infrastructure']);

function rank(context: StrategyContext): Rank {
  const { incident, diagnosis, actions } = context;
  if (incident.service === undefined) return no.rank('not-production', 'the incident concerns no service');
  if (!OUTSIDE.has(diagnosis.class)) return no.rank('in-the-repository', `the failure is of the class ${diagnosis.class}`);
  if (!incident.evidence.some(({ kind }) => kind === 'alert' || kind === 'deployment'))
    return no.rank('no-evidence', `no deployment and no alert of ${incident.service.name} is among the evidence`);
  if (actions.length === 0) return no.rank('no-action', `the policy names no action for ${incident.service.name}`);
  return { score: RANKS.action.environment.score, why: `${incident.service.name} suffers and nothing in the repository shows why` };
}

/** The choices of the policy, and where it says nothing the first value; null when it asks for one that is not in the list. */
function choicesFor(context: StrategyContext, action: StrategyContext['actions'][number]): Readonly<Record<string, string>> | null {
  const { service } = context.incident;
  const declared = context.policy.services.find(({ name, environment }) => name === service?.name && environment === service.environment);
  const asked = declared?.actions.find(({ name }) => name === action.name)?.with ?? {};
  const choices = Object.entries(action.choices).map(([parameter, values]) => [parameter, asked[parameter] ?? values[0] ?? ''] as const);
  const listed = choices.every(([parameter, value]) => action.choices[parameter]?.includes(value) === true);
  return listed && Object.keys(asked).every((parameter) => Object.hasOwn(action.choices, parameter)) ? Object.fromEntries(choices) : null;
}

function plan(context: StrategyContext): StrategyAnswer {
  const before = rank(context);
  if (before.score === null) return { kind: 'refused', refusal: before.refusal };
  const plans = context.actions.flatMap((action): Plan[] => {
    const choices = choicesFor(context, action);
    if (choices === null) return [];
    const why = `${context.incident.service?.name ?? 'the service'} suffers and nothing in the repository shows why`;
    return [
      {
        strategy: 'action',
        title: `Propose a production action: ${action.title}`.slice(0, 200),
        rationale: `${why}: the policy names ${action.name} for it. Nothing in the repository is changed.`.slice(0, 1000),
        steps: [],
        proposals: [{ kind: 'production-action', name: action.name, choices, why: why.slice(0, 300) }],
        risk: 'medium',
      },
    ];
  });
  if (plans.length === 0) return no.answer('no-action', 'the policy asks for choices that the server does not offer');
  const untried = firstUntried(context, plans);
  return untried === undefined ? no.answer('all-tried', 'every action was proposed already') : { kind: 'plan', plan: untried };
}

/** Names a production action of the configuration where nothing in the repository is to blame. */
export const action: Strategy = {
  id: 'action',
  name: 'Production action',
  costs: 'nothing',
  heals:
    'a deployed service that suffers without a cause in the repository: names an action that policy and server both have for it, such as a restart',
  ranks: Object.values(RANKS.action),
  refuses: REFUSES,
  rank,
  plan,
};
