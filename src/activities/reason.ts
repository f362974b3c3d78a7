import { Failure } from '../domain/failure.ts';
import type { Incident } from '../domain/incident.schema.ts';
import { Plan } from '../domain/plan.schema.ts';
import { changedPaths, diagnose } from '../domain/policy/diagnose.ts';
import { searchGreen } from '../domain/policy/search-green.ts';
import { oneLine } from '../lib/excerpt.ts';
import type { StrategyContext } from '../strategies/contract.ts';
import { climb, planFingerprint } from '../strategies/ladder.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { putJson } from './stored.ts';

/** Paths that are looked up; a change of more is no case for a file-wise repair. */
const MAX_PATHS = 100;

async function presence({ forge }: Pick<ActivityDeps, 'forge'>, incident: Incident): Promise<StrategyContext['paths']> {
  const paths = new Map<string, { readonly atGreen: boolean; readonly atHead: boolean }>();
  const { lastGreenSha, repo, headSha } = incident;
  if (lastGreenSha === undefined) {
    return paths;
  }
  for (const path of changedPaths(incident).slice(0, MAX_PATHS)) {
    const [green, head] = await Promise.all([
      forge.repositories.fileMode(repo, lastGreenSha, path),
      forge.repositories.fileMode(repo, headSha, path),
    ]);
    paths.set(path, { atGreen: green !== null, atHead: head !== null });
  }
  return paths;
}

/** Name under which the search for a green revision asks; what it learns stays with the attempt. */
const HISTORY = 'history';

/** The same incident, with the revision that the sandbox found green and what changed since. */
async function since({ forge }: Pick<ActivityDeps, 'forge'>, incident: Incident, green: string): Promise<Incident> {
  const { commits, truncated } = await forge.repositories.commits(incident.repo, green, incident.headSha, 50);
  return { ...incident, lastGreenSha: green, commits: [...commits], commitsTruncated: truncated };
}

function checkedPlan(plan: unknown, redact: (text: string) => string): Plan {
  const parsed = Plan.safeParse(plan);
  if (!parsed.success) {
    throw new Failure(
      'plan-invalid',
      `a strategy made a plan that does not fit: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`,
    );
  }
  return { ...parsed.data, title: oneLine(redact(parsed.data.title), 200), rationale: oneLine(redact(parsed.data.rationale), 1000) };
}

/** Finding cause and plan: holds no credential and changes nothing. */
export function reasonActivities(deps: ActivityDeps): Pick<Activities, 'reason'> {
  return {
    async reason({ dossier, tried, asking, probes }) {
      const { incident: known, policy } = await readDossier(deps, dossier);
      // Without a forge that remembers green checks (a repository on disk, say), the sandbox looks for the last green revision itself.
      const search = known.lastGreenSha === undefined && known.commits.length > 0 ? searchGreen(known, probes) : null;
      if (search?.kind === 'probe') {
        return { kind: 'probe', diagnosis: diagnose(known, policy), strategy: HISTORY, sha: search.sha, round: 0 };
      }
      const incident = search?.kind === 'found' ? await since(deps, known, search.sha) : known;
      const diagnosis = diagnose(incident, policy);
      const context: StrategyContext = {
        incident,
        diagnosis,
        policy,
        probes,
        tried,
        paths: await presence(deps, incident),
        now: deps.now().toISOString(),
      };
      const climbed = climb(deps.strategies, context, asking === HISTORY ? undefined : asking);
      const refusals = climbed.refusals.slice(0, 20);
      switch (climbed.kind) {
        case 'none':
          return { kind: 'none', diagnosis, refusals };
        case 'probe':
          return {
            kind: 'probe',
            diagnosis,
            strategy: search === null ? climbed.strategy : HISTORY,
            sha: climbed.probe.sha,
            round: climbed.probe.round,
          };
        case 'plan': {
          const plan = checkedPlan(climbed.plan, deps.redact);
          const { strategy, title, rationale, risk } = plan;
          return {
            kind: 'plan',
            diagnosis,
            plan: { artifact: await putJson(deps, plan), strategy, title, rationale, risk, fingerprint: planFingerprint(plan) },
            refusals,
          };
        }
      }
    },
  };
}
