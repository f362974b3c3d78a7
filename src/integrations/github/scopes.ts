import type { Permissions } from './credentials.ts';

/** Reading code, its checks and what people wrote. */
export const READ: Permissions = {
  metadata: 'read',
  contents: 'read',
  checks: 'read',
  statuses: 'read',
  actions: 'read',
  pull_requests: 'read',
  issues: 'read',
  deployments: 'read',
};

/** Writing a branch; `workflows` only where the change touches workflow files. */
export const COMMIT: Permissions = { metadata: 'read', contents: 'write' };

/** Opening, labelling and closing a pull request. */
export const PROPOSE: Permissions = { metadata: 'read', contents: 'read', pull_requests: 'write', issues: 'write' };

/** Merging one. */
export const MERGE: Permissions = { metadata: 'read', contents: 'write', pull_requests: 'write' };

/** Saying in one place what is going on. */
export const CLAIM: Permissions = { metadata: 'read', contents: 'read', checks: 'write', issues: 'write', pull_requests: 'write' };

/** Asking who is in a team: only where a policy names one. */
export const TEAMS: Permissions = { metadata: 'read', members: 'read' };

/** Running a workflow and reading what became of it. */
export const DISPATCH: Permissions = { metadata: 'read', actions: 'write' };

/** Creating a deployment. */
export const DEPLOY: Permissions = { metadata: 'read', contents: 'read', deployments: 'write' };
