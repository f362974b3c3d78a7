import type { Activities, Normalized } from '../src/activities/contract.ts';

/** An alert that nothing in the repository explains. */
export const unexplained = (service: string): Normalized => ({
  kind: 'cannot',
  reason: 'no-command',
  title: `${service} alerts`,
  detail: 'the alert stands, but no check is red',
  alert: { signature: `alert-${service}`, title: `${service} alerts`, service, environment: 'production', attempts: 3, waitMs: 0 },
});

/** What the forge and production answer about a fix that goes out by itself: merged, live and well. */
export function scriptedProduction(sha: string): Partial<Activities> {
  const well = { at: '2026-11-23T10:00:00.000Z', requests: 100, errorRate: 0, ok: true };
  return {
    publish: async () => ({ kind: 'open', change: { number: 7, url: 'https://forge.invalid/7', branch: 'suture/fix', headSha: sha } }),
    readChecks: async () => ({ state: 'green', detail: 'green: unit' }),
    readPullRequest: async () => ({ state: 'open', headSha: sha }),
    merge: async () => ({ kind: 'merged', sha }),
    deploy: async () => ({ id: '1', state: 'success' }),
    readDeployment: async () => ({ state: 'success', detail: 'live' }),
    readHealth: async () => well,
    judgeHealth: async () => ({ verdict: 'better', detail: 'errors fell to 0 %' }),
    withdraw: async () => undefined,
    judgeSignal: async ({ signal }) => ({ kind: 'continue', note: signal.kind }),
    planAction: async ({ service }) => ({
      kind: 'action',
      name: 'restart',
      choices: {},
      decision: 'ask',
      reason: 'the server wants a person for it',
      title: `restart ${service}`,
      risk: 'low',
      environment: 'production',
      hash: 'e'.repeat(64),
      undoable: true,
      approvers: [],
      approval: { escalate: [] },
    }),
    findWatched: async () => ({ healingId: null }),
  };
}
