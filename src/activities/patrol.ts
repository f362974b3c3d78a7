import { healingId } from '../domain/ids.ts';
import { type RepoRef, Subject } from '../domain/names.schema.ts';
import type { HealingSettings } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { oneLine } from '../lib/excerpt.ts';
import { beating } from './activity-context.ts';
import { audit } from './audit.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { keyHash } from './keys.ts';
import { isRed } from './merge.ts';

/** Reports a red default branch that nobody reported; the id of the healing, or null when there is nothing to do. */
async function visit(deps: ActivityDeps, repo: RepoRef, settings: HealingSettings): Promise<string | null> {
  const { defaultBranch } = await deps.forge.repositories.describe(repo);
  const sha = await deps.forge.repositories.resolve(repo, defaultBranch);
  const subject = Subject.safeParse(`branch/${defaultBranch}`);
  if (sha === null || !subject.success) {
    return null;
  }
  const red = (await deps.forge.checks.list(repo, sha)).filter((check) => isRed(check) && check.conclusion !== 'cancelled');
  // One report for one head: a healing that ended for it, however it ended, is not begun again and again.
  const recordKey = `patrol/${repo.owner}/${repo.name}/${sha}`;
  if (red.length === 0 || (await deps.records.get(recordKey)) !== null) {
    return null;
  }
  const id = healingId(repo, subject.data);
  const running = await deps.healings.view(id);
  if (running !== null && running.state !== 'closed') {
    return null;
  }
  const names = red.map((check) => check.name);
  const at = deps.now().toISOString();
  const signal: Signal = {
    id: `patrol:${keyHash(recordKey, 32)}`,
    source: 'patrol',
    kind: 'patrol-found',
    repo,
    subject: subject.data,
    at,
    actor: { id: 'suture-patrol', trust: 'system' },
    summary: oneLine(`${names.join(', ')} failed on ${defaultBranch}`, 300),
    sha,
    facts: { check: (names[0] ?? '').slice(0, 500), checks: names.join(', ').slice(0, 500) },
  };
  const webUiUrl = deps.healings.webUiUrl(id);
  await deps.healings.report({ repo, subject: subject.data, settings, ...(webUiUrl === undefined ? {} : { webUiUrl }) }, signal);
  await audit(deps, {
    key: `${recordKey}/reported`,
    action: 'patrol-reported',
    healingId: id,
    repo,
    facts: { sha, checks: names.join(', ') },
  });
  await deps.records.putOnce(recordKey, at);
  return id;
}

/** The walk over all served repositories: what is red and unreported gets a healing; what crashes left is swept. */
export function patrolActivities(deps: ActivityDeps): Pick<Activities, 'patrol'> {
  return {
    patrol: ({ settings }) =>
      beating('patrol', async (signal, progress) => {
        const started: string[] = [];
        for (const repo of await deps.served()) {
          if (signal.aborted) {
            break;
          }
          progress(`${repo.owner}/${repo.name}`);
          try {
            const id = await visit(deps, repo, settings);
            if (id !== null) {
              started.push(id);
            }
          } catch (error) {
            // One repository that cannot be read must not keep the others from being seen.
            deps.log.warn({ repo, err: error }, 'the patrol could not look at a repository');
          }
        }
        return { started: started.slice(0, 100), swept: await deps.sandbox.sweep() };
      }),
  };
}
