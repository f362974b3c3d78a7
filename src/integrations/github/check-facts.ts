import type { CheckFacts } from '../contract.ts';
import type { Api } from './api.ts';

/** Name of Suture's own check run, or status where it is no App: it tells, and is never evidence. */
export const OWN_CHECK = 'Suture';
const MAX_CHECKS = 1000;

/** A check as GitHub keeps it: a check run of an app, or a commit status. */
export interface Check {
  readonly name: string;
  readonly status: CheckFacts['status'];
  readonly conclusion: CheckFacts['conclusion'];
  readonly url: string | undefined;
  /** Number of the check run; absent for a commit status. At GitHub Actions it is the number of the job. */
  readonly run?: {
    readonly id: number;
    readonly app: string;
    readonly suite: number | undefined;
    readonly text: string | null;
    /** How many annotations it says it has. */
    readonly annotations: number;
  };
}

/** What a check run's conclusion means here. Skipped and neutral ones satisfy a rule at GitHub; a person is wanted for `action_required`, not a repair. */
export function conclusionOf(conclusion: string | null): NonNullable<CheckFacts['conclusion']> {
  switch (conclusion) {
    case 'success':
      return 'success';
    case 'failure':
    case 'startup_failure':
      return 'failure';
    case 'timed_out':
      return 'timed-out';
    case 'cancelled':
    case 'stale':
      return 'cancelled';
    default:
      return 'neutral';
  }
}

const isUrl = (url: string | null | undefined): url is string => typeof url === 'string' && /^https?:\/\/\S+$/.test(url);

/** All check runs and statuses of a revision, the newest of each. */
export async function checksOf(api: Api, sha: string): Promise<Check[]> {
  const runs = await api.all(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { ref: sha, filter: 'latest' },
    (data) => data.check_runs,
    MAX_CHECKS,
  );
  const statuses = await api.all('GET /repos/{owner}/{repo}/commits/{ref}/status', { ref: sha }, (data) => data.statuses, MAX_CHECKS);
  return [
    ...runs
      .filter((run) => run.name !== OWN_CHECK)
      .map((run): Check => {
        const status = run.status === 'completed' ? 'completed' : run.status === 'in_progress' ? 'running' : 'queued';
        const url = isUrl(run.details_url) ? run.details_url : isUrl(run.html_url) ? run.html_url : undefined;
        return {
          name: run.name,
          status,
          conclusion: status === 'completed' ? conclusionOf(run.conclusion) : undefined,
          url,
          run: {
            id: Number(run.id),
            app: run.app?.slug ?? '',
            suite: run.check_suite === null ? undefined : Number(run.check_suite.id),
            text: run.output.text ?? run.output.summary,
            annotations: run.output.annotations_count,
          },
        };
      }),
    ...statuses
      .filter((status) => status.context !== OWN_CHECK)
      .map((status): Check => {
        const done = status.state !== 'pending';
        return {
          name: status.context,
          status: done ? 'completed' : 'running',
          conclusion: done ? (status.state === 'success' ? 'success' : 'failure') : undefined,
          url: isUrl(status.target_url) ? status.target_url : undefined,
        };
      }),
  ];
}

const RANK: ReadonlyArray<CheckFacts['conclusion']> = ['failure', 'timed-out', 'cancelled', undefined, 'neutral', 'success'];

/** One entry a name: the same check may have run for the push and for the pull request; the worse of the two counts. */
export function byName(checks: readonly Check[]): Map<string, Check> {
  const named = new Map<string, Check>();
  for (const check of checks) {
    const known = named.get(check.name);
    if (known === undefined || RANK.indexOf(check.conclusion) < RANK.indexOf(known.conclusion)) named.set(check.name, check);
  }
  return named;
}
