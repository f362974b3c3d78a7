import { Failure } from '../domain/failure.ts';
import type { RepoRef } from '../domain/names.schema.ts';
import { chooseAction } from '../domain/policy/choose-action.ts';
import { filledCall, type ProductionAction } from '../domain/production-action.schema.ts';
import type { RepositoryPolicy } from '../domain/repository-policy.schema.ts';
import type { HealingSettings } from '../domain/settings.ts';
import { oneLine } from '../lib/one-line.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { keyHash } from './keys.ts';
import { measure } from './measure.ts';
import { approvalRules } from './normalize.ts';
import { readPolicy } from './read-policy.ts';

type Service = RepositoryPolicy['services'][number];

async function serviceOf(
  deps: ActivityDeps,
  repo: RepoRef,
  settings: HealingSettings,
  name: string,
): Promise<{ readonly policy: RepositoryPolicy; readonly service: Service } | null> {
  const read = await readPolicy(deps, repo, settings);
  const service = read.kind === 'policy' ? read.policy.services.find((each) => each.name.toLowerCase() === name.toLowerCase()) : undefined;
  return read.kind === 'policy' && service !== undefined ? { policy: read.policy, service } : null;
}

/** One place for each time that an action is done to a service in a day: a repeat finds its own again. */
function dayKey(
  deps: ActivityDeps,
  name: string,
  { repo, service }: { readonly repo: RepoRef; readonly service: string },
  number: number,
): string {
  return `action-day/${deps.now().toISOString().slice(0, 10)}/${repo.owner}/${repo.name}/${service}/${name}/${number}`;
}

async function doneToday(
  deps: ActivityDeps,
  name: string,
  perDay: number,
  place: { readonly repo: RepoRef; readonly service: string },
): Promise<number> {
  let done = 0;
  while (done < perDay && (await deps.records.get(dayKey(deps, name, place, done + 1))) !== null) done += 1;
  return done;
}

/** Takes one of the day's places for this key; false when they are all taken. */
export async function reserve(
  deps: ActivityDeps,
  name: string,
  action: ProductionAction,
  place: { readonly repo: RepoRef; readonly service: string },
  key: string,
): Promise<boolean> {
  for (let number = 1; number <= action.perDay; number += 1)
    if ((await deps.records.putOnce(dayKey(deps, name, place, number), key)) === key) return true;
  return false;
}

/** What was live before what is live now. */
async function previousDeployment(deps: ActivityDeps, repo: RepoRef, environment: string): Promise<string | null> {
  const good = (await deps.forge.deployments.list(repo, environment)).filter(({ state }) => state === 'success');
  return good.find(({ sha }) => sha !== good[0]?.sha)?.sha ?? null;
}

/** Doing to production what is no change of code: named actions of the server's owner, nothing else. */
export function productionActionActivities(deps: ActivityDeps): Pick<Activities, 'planAction' | 'performAction' | 'readServiceHealth'> {
  const defined = deps.actions.defined;

  async function call(
    what: ProductionAction['call'],
    action: ProductionAction,
    choices: Readonly<Record<string, string>>,
    key: string,
  ): Promise<{ readonly kind: 'done' | 'unknown' | 'refused'; readonly detail: string }> {
    if (what === undefined) return { kind: 'refused', detail: 'it cannot be taken back' };
    const begun = `action/${key}/begun`;
    // Who begins a second time does not know whether the first call did it.
    const repeated = (await deps.records.get(begun)) !== null;
    if (repeated && !action.idempotent)
      return { kind: 'unknown', detail: 'it was begun, and nobody knows whether it was done; it is not repeated' };
    await deps.records.putOnce(begun, deps.now().toISOString());
    try {
      const { status } = await deps.actions.run(filledCall(what, choices), { key: keyHash(key, 40), timeoutMs: action.timeoutMs });
      return { kind: 'done', detail: `status ${status}` };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'not-permitted') return { kind: 'refused', detail: error.message };
      if (action.idempotent) throw error;
      return { kind: 'unknown', detail: error.message };
    }
  }

  return {
    async planAction({ repo, service: name, settings, tried, only }) {
      const found = await serviceOf(deps, repo, settings, name);
      if (found === null) return { kind: 'none', detail: `the policy declares no service ${oneLine(name, 100)}` };
      const { policy, service } = found;
      const today = Object.fromEntries(
        await Promise.all(
          service.actions.map(
            async ({ name: each }) =>
              [each, await doneToday(deps, each, defined[each]?.perDay ?? 1, { repo, service: service.name })] as const,
          ),
        ),
      );
      const chosen = chooseAction({
        // A plan chooses among what the policy names; it adds nothing to that.
        wanted:
          only === undefined
            ? service.actions
            : service.actions.flatMap((each) =>
                each.name === only.name ? [{ name: each.name, with: { ...each.with, ...only.choices } }] : [],
              ),
        defined,
        service: service.name,
        autonomy: policy.autonomy,
        tried,
        doneToday: today,
      });
      const action = chosen.kind === 'action' ? defined[chosen.name] : undefined;
      if (chosen.kind === 'none' || action === undefined)
        return chosen.kind === 'none' ? chosen : { kind: 'none', detail: 'no such action' };
      const { environment } = service;
      const rollbackTo = action.kind === 'rollback' ? await previousDeployment(deps, repo, environment) : null;
      if (action.kind === 'rollback' && rollbackTo === null) return { kind: 'none', detail: `nothing was live in ${environment} before` };
      const { kind: _, ...rest } = chosen;
      return {
        kind: 'action',
        ...rest,
        title: action.title,
        risk: action.risk,
        environment,
        hash: keyHash(JSON.stringify([repo, service.name, environment, chosen.name, chosen.choices, rollbackTo]), 64),
        undoable: action.kind === 'http' && action.undo !== undefined,
        ...(rollbackTo === null ? {} : { rollbackTo }),
        approvers: policy.approvers,
        approval: approvalRules(policy),
        ...(service.verifyMinutes === undefined ? {} : { windowMs: service.verifyMinutes * 60_000 }),
      };
    },
    async performAction({ key, healingId, repo, service, environment, name, choices, undo, rollbackTo }) {
      const action = defined[name];
      const known = await deps.records.get(`action/${key}/result`);
      if (known !== null) return JSON.parse(known) as Awaited<ReturnType<Activities['performAction']>>;
      const result = await (async () => {
        if (action === undefined) return { kind: 'refused', detail: `${name} is not defined on this server any more` } as const;
        if (!undo && !(await reserve(deps, name, action, { repo, service }, key)))
          return { kind: 'refused', detail: `${name} was done ${action.perDay} times today` } as const;
        if (action.kind === 'http') return await call(undo ? action.undo : action.call, action, choices, key);
        if (action.kind !== 'rollback' || rollbackTo === undefined || undo)
          return { kind: 'refused', detail: 'a roll-back is not taken back' } as const;
        const { id } = await deps.forge.deployments.create(repo, { sha: rollbackTo, environment, key: `action/${key}`, wasLive: true });
        return { kind: 'done', detail: `${rollbackTo.slice(0, 10)} is deployed to ${environment}`, deployment: id } as const;
      })();
      const clean = { ...result, detail: oneLine(deps.redact(result.detail), 300) };
      await audit(deps, {
        key: `action/${key}/${clean.kind}`,
        action: undo ? 'action-undone' : 'action-performed',
        healingId,
        repo,
        facts: {
          name,
          service,
          environment,
          result: clean.kind,
          detail: clean.detail,
          ...(Object.keys(choices).length === 0 ? {} : { choices: JSON.stringify(choices).slice(0, 300) }),
        },
      });
      await deps.records.putOnce(`action/${key}/result`, JSON.stringify(clean));
      return clean;
    },
    async readServiceHealth({ repo, service: name, settings, ...window }) {
      const found = await serviceOf(deps, repo, settings, name);
      if (found === null || deps.health === null)
        throw new Failure(
          'configuration-invalid',
          found === null ? `the policy declares no service ${oneLine(name, 100)}` : 'no health source is configured',
        );
      return await measure({ ...deps, health: deps.health }, repo, found.service, window);
    },
  };
}
