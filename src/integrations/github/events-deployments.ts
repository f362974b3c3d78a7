import type { Parsed } from '../contract.ts';
import { DeploymentStatus } from './payload.ts';
import { type Delivery, type Draft, ignored, quoted, signalsOf } from './signals.ts';
import { GITHUB } from './trust.ts';

/**
 * A deployment that ended. GitHub names the commit and what was asked to be deployed, never what it was repaired for: whoever waits for the
 * commit takes the signal about it, and a healing of the branch, when a branch was named, looks up at once. Neither begins anything.
 */
export function fromDeploymentStatus(delivery: Delivery): Parsed {
  const { deployment, deployment_status: status } = DeploymentStatus.safeParse(delivery.payload).data ?? {};
  const state = status?.state;
  if (state !== 'success' && state !== 'failure' && state !== 'error')
    return ignored(`the deployment is ${quoted(state)}; what counts is how it ends`);
  if (deployment?.id === undefined || deployment.sha === undefined) return ignored('the deployment names no commit');
  const { sha, ref } = deployment;
  const environment = deployment.environment ?? 'production';
  const draft: Draft = {
    kind: 'deployment-finished',
    subject: `sha/${sha}`,
    actor: GITHUB,
    at: status?.updated_at ?? status?.created_at,
    sha,
    summary: `deployment ${deployment.id} to ${environment}: ${state}`,
    facts: {
      deployment: deployment.id,
      environment,
      state: state === 'success' ? 'success' : 'failure',
      branch: ref === sha ? undefined : ref,
    },
  };
  const branch = ref === undefined || ref === sha ? [] : [{ ...draft, subject: `branch/${ref}` }];
  return signalsOf(delivery, [draft, ...branch]);
}
