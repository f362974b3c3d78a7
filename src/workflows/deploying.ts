import type { IncidentSummary } from '../activities/contract.ts';
import { act } from './activity-options.ts';
import type { Control } from './control.ts';
import type { HealingRecord } from './healing-record.ts';
import { Poll } from './poll.ts';

/** How a deployment ended; `watched`: somebody else makes it, and it did not come in time or is not ours to begin. */
export type Deployed = { readonly kind: 'success' } | { readonly kind: 'failure' | 'watched' | 'timed-out'; readonly detail: string };

/** Environment where the policy names none. */
export const environmentOf = (incident: IncidentSummary): string => incident.environment ?? 'production';

/** Begins the deployment of a commit and waits for its end. Ask for a safe point first. */
export async function deployed(
  record: HealingRecord,
  control: Control,
  incident: IncidentSummary,
  wanted: { readonly sha: string; readonly key: string; readonly action: 'deployment' | 'rollback' },
): Promise<Deployed> {
  const { deployPollMs, deployTimeoutMs } = record.input.settings.timings;
  const { sha, key, action } = wanted;
  const environment = environmentOf(incident);
  const { id } = await act('deploy', action === 'rollback' ? `roll back to ${sha.slice(0, 10)}` : `deploy to ${environment}`, {
    key,
    healingId: record.id,
    repo: record.input.repo,
    dossier: incident.dossier,
    sha,
    environment,
    ...(action === 'rollback' ? { wasLive: true } : {}),
  });
  record.audit(action, { deployment: id, sha, environment });
  // A commit that was live before is not deployed again by itself: there is nothing to wait for.
  if (action === 'rollback' && id.startsWith('watch:')) return { kind: 'watched', detail: 'somebody else deploys' };
  const poll = new Poll(control, deployPollMs, deployTimeoutMs, 'until the next look at the deployment');
  for (;;) {
    const facts = await act('readDeployment', 'read the deployment', { repo: record.input.repo, id });
    if (facts.state === 'success') return { kind: 'success' };
    if (facts.state === 'failure') return { kind: 'failure', detail: facts.detail };
    if (!(await poll.wait())) return { kind: 'timed-out', detail: `deployment ${id} is still ${facts.state}` };
  }
}
