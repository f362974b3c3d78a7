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
import { bounded } from './tell.ts';

/** Open pull requests that one walk looks at in one repository. */
const MAX_PULLS = 50;
/** A failure younger than this is left to its own event. */
const QUIET_MS = 10 * 60_000;

/** How long one notifier may take to catch up in one walk, in milliseconds. */
const CATCH_UP_MS = 60_000;

interface Place {
  readonly repo: RepoRef;
  readonly subject: string;
  readonly sha: string;
  readonly where: string;
}

/** Reports red checks that nobody reported; the id of the healing, or null when there is nothing to do. */
async function look(deps: ActivityDeps, { repo, subject, sha, where }: Place, settings: HealingSettings): Promise<string | null> {
  if (!Subject.safeParse(subject).success) return null;
  // One report for one head: a healing that ended for it, however it ended, is not begun again and again.
  const recordKey = `patrol/${repo.owner}/${repo.name}/${subject}/${sha}`;
  if ((await deps.records.get(recordKey)) !== null) return null;
  const red = (await deps.forge.checks.list(repo, sha)).filter((check) => isRed(check) && check.conclusion !== 'cancelled');
  if (red.length === 0) return null;
  const id = healingId(repo, subject);
  const known = await deps.healings.view(id);
  if (known !== null && (known.state !== 'closed' || known.headSha === sha)) return null;
  const names = red.map((check) => check.name);
  const at = deps.now().toISOString();
  const signal: Signal = {
    id: `patrol:${keyHash(recordKey, 32)}`,
    source: 'patrol',
    kind: 'patrol-found',
    repo,
    subject,
    at,
    actor: { id: 'suture-patrol', trust: 'system' },
    summary: oneLine(`${names.join(', ')} failed on ${where}`, 300),
    sha,
    facts: { check: (names[0] ?? '').slice(0, 500), checks: names.join(', ').slice(0, 500) },
  };
  const webUiUrl = deps.healings.webUiUrl(id);
  await deps.healings.report({ repo, subject, settings, ...(webUiUrl === undefined ? {} : { webUiUrl }) }, signal);
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

/** What is red in one repository: its default branch, and pull requests whose failure has been lying there for a while. */
async function visit(deps: ActivityDeps, repo: RepoRef, settings: HealingSettings): Promise<readonly string[]> {
  const { repositories, changes } = deps.forge;
  const { defaultBranch } = await repositories.describe(repo);
  const head = await repositories.resolve(repo, defaultBranch);
  const pulls = (await changes.listOpen(repo, MAX_PULLS)).filter((pull) => !pull.fromFork && !pull.headBranch.startsWith('suture/'));
  const still = deps.now().getTime() - QUIET_MS;
  const stale = pulls.filter((pull) => Date.parse(pull.updatedAt) < still);
  const places: Place[] = [
    ...(head === null ? [] : [{ repo, subject: `branch/${defaultBranch}`, sha: head, where: defaultBranch }]),
    ...stale.map((pull) => ({ repo, subject: `pr/${pull.number}`, sha: pull.headSha, where: `pull request ${pull.number}` })),
  ];
  const found: string[] = [];
  for (const place of places) {
    const id = await look(deps, place, settings);
    if (id !== null) found.push(id);
  }
  return found;
}

/** Removes branches that a run made and left: no pull request, nobody at work, the last commit ours. */
async function sweepBranches(deps: ActivityDeps, repo: RepoRef): Promise<number> {
  const { changes } = deps.forge;
  const branches = await changes.ownBranches(repo);
  if (branches.length === 0) return 0;
  const working = await deps.healings.list({ running: true, limit: 1, repo });
  // Whoever is at work here may be about to open a pull request for its branch: come back when the repository is quiet.
  if (working.length > 0) return 0;
  let swept = 0;
  for (const { name, headSha } of branches) {
    if ((await deps.records.get(`commit/${repo.owner}/${repo.name}/${headSha}`)) === null) continue;
    if ((await changes.findByBranch(repo, name))?.state === 'open') continue;
    const key = `sweep/${repo.owner}/${repo.name}/${name}/${headSha}`;
    const facts = { branch: name, head: headSha };
    // A branch that is gone is not found again: a worker that dies before it can say so has said so here.
    await audit(deps, { key: `${key}/begun`, action: 'branch-sweep-begun', repo, facts });
    await changes.deleteBranch(repo, name);
    await audit(deps, { key, action: 'branch-swept', repo, facts });
    swept += 1;
  }
  return swept;
}

/** Calls of the forge that one activity makes, about; measured on healings of small repositories. */
const CALLS_PER_ACTIVITY = 6;
/** The queue never stands still: limits fill up again. */
const SLOWEST = 0.05;

/** Lets the queue of forge activities go as fast as the forge's limits allow: slower while little is left, freely otherwise. */
async function slowDown({ forge, healings }: ActivityDeps): Promise<void> {
  if (forge.pace === undefined) return;
  const pace = forge.pace();
  if (pace === null) await healings.limitForge(null, 'the limits of the forge are far');
  else await healings.limitForge(Math.max(SLOWEST, pace / CALLS_PER_ACTIVITY), 'little is left of the forge’s limit for this hour');
}

/** The walk over all served repositories: what is red and unreported gets a healing; what crashes left is swept; what was not delivered is asked for again. */
export function patrolActivities(deps: ActivityDeps): Pick<Activities, 'patrol'> {
  return {
    patrol: ({ settings }) =>
      beating('patrol', deps.redact, async ({ signal, onProgress: progress }) => {
        const started: string[] = [];
        let swept = 0;
        const attempt = async (what: object, work: () => Promise<void>): Promise<void> => {
          try {
            await work();
          } catch (error) {
            // One repository that cannot be read must not keep the others from being seen.
            deps.log.warn({ ...what, err: error }, 'a part of the patrol could not be done');
          }
        };
        await attempt({ part: 'limits' }, () => slowDown(deps));
        await attempt({ part: 'deliveries' }, async () => {
          const asked = (await deps.forge.deliveries?.redeliverFailed()) ?? 0;
          if (asked > 0) deps.log.info({ asked }, 'deliveries that nobody took were asked for again');
        });
        for (const [id, notifier] of deps.notifiers) {
          await attempt({ part: 'notifier', notifier: id }, async () => {
            if (notifier.catchUp === undefined) return;
            const { delivered, waiting, givenUp = 0 } = await bounded(CATCH_UP_MS, id, notifier.catchUp);
            if (givenUp > 0) deps.log.warn({ notifier: id, givenUp }, 'messages were refused for good or became too old: nobody was told');
            if (delivered + waiting > 0) deps.log.info({ notifier: id, delivered, waiting }, 'caught up with what could not be told');
          });
        }
        for (const place of deps.telemetry) {
          await attempt({ part: 'telemetry' }, async () => {
            if (place.catchUp === undefined) return;
            const { givenUp = 0 } = await bounded(CATCH_UP_MS, 'telemetry', place.catchUp);
            if (givenUp > 0) deps.log.warn({ givenUp }, 'telemetry was refused for good or became too old');
          });
        }
        await attempt({ part: 'retention' }, async () => {
          const { removed } = (await deps.retention?.sweep()) ?? { removed: 0 };
          if (removed > 0) deps.log.info({ removed }, 'removed what is older than it is kept');
        });
        for (const repo of await deps.forge.repositories.served()) {
          if (signal.aborted) break;
          progress(`${repo.owner}/${repo.name}`);
          await attempt({ repo }, async () => void started.push(...(await visit(deps, repo, settings))));
          await attempt({ repo }, async () => void (swept += await sweepBranches(deps, repo)));
        }
        return { started: started.slice(0, 100), swept: swept + (await deps.sandbox.sweep()) };
      }),
  };
}
