import { Failure } from '../domain/failure.ts';
import { filledCall } from '../domain/production-action.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { keyHash } from './keys.ts';
import { reserve } from './production-action.ts';

type Input = Parameters<Activities['deploy']>[0];

/** Deploys by a call that the server's owner defined. True: the other side said that it is done; false: it was begun before, and nobody knows. Throws `policy-invalid` where there is no such call, and its own failure where it was refused. */
export async function deployByHook(
  deps: ActivityDeps,
  { repo, sha, environment, key }: Input,
  service: RepositoryPolicy['services'][number],
): Promise<boolean> {
  const { hook = '', name } = service;
  const action = Object.hasOwn(deps.actions.defined, hook) ? deps.actions.defined[hook] : undefined;
  if (action?.kind !== 'deploy' || action.call === undefined || (action.services.length > 0 && !action.services.includes(name)))
    throw new Failure(
      'policy-invalid',
      `services[].hook: this server defines no action ${JSON.stringify(hook)} of \`kind: deploy\` for ${name}`,
    );
  if (action.autonomy !== 'alone')
    throw new Failure(
      'policy-invalid',
      `the action ${hook} of this server is not \`autonomy: alone\`: nobody can be asked in the middle of a deployment`,
    );
  if (!(await reserve(deps, hook, action, { repo, service: name }, key)))
    throw new Failure('policy-invalid', `${hook} was done ${action.perDay} times today, as often as this server allows`);
  const begun = `deploy/${key}/begun`;
  if ((await deps.records.get(begun)) !== null && !action.idempotent) return false;
  await deps.records.putOnce(begun, deps.now().toISOString());
  const defaults = Object.entries(action.parameters).map(([each, { values }]) => [each, values[0] ?? ''] as const);
  const call = filledCall(action.call, { ...Object.fromEntries(defaults), sha, environment });
  try {
    await deps.actions.run(call, { key: keyHash(key, 40), timeoutMs: action.timeoutMs });
    return true;
  } catch (error) {
    // Whether it was done shows at the forge, or nowhere.
    if (error instanceof Failure && error.code === 'health-unavailable' && !action.idempotent) return false;
    throw error;
  }
}
