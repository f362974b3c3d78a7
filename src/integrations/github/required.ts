/** A permission that the App needs, why, and from which autonomy on. */
export interface RequiredPermission {
  readonly name: string;
  /** Its name on GitHub's settings page. */
  readonly label: string;
  readonly access: 'read' | 'write';
  readonly why: string;
  /** Without it Suture still works, with less. */
  readonly optional: boolean;
}

const permission = (name: string, label: string, access: 'read' | 'write', why: string, optional = false): RequiredPermission => ({
  name,
  label,
  access,
  why,
  optional,
});

/** Everything that the App asks for; docs/github.md shows this table. */
export const REQUIRED_PERMISSIONS: readonly RequiredPermission[] = [
  permission('metadata', 'Metadata', 'read', 'find the repository, its default branch and who may write to it'),
  permission('contents', 'Contents', 'write', 'read the code, write `suture/` branches, merge where the policy allows it'),
  permission('checks', 'Checks', 'write', 'read what failed, and say in one check run what is being done about it'),
  permission('statuses', 'Commit statuses', 'read', 'read checks of systems that report by status'),
  permission(
    'actions',
    'Actions',
    'write',
    'read failed jobs and their logs and the last green run; run them again, and the workflow that deploys, where the policy says so',
  ),
  permission('pull_requests', 'Pull requests', 'write', 'propose repairs, label them, close those that are not needed any more'),
  permission('issues', 'Issues', 'write', 'write and edit the one live comment, answer commands'),
  permission('deployments', 'Deployments', 'write', 'create and watch deployments where the policy allows it'),
  permission('workflows', 'Workflows', 'write', 'take back a change of a workflow file; without it such repairs go to people', true),
];

/** Events that the App subscribes to, each with what it is for. */
export const REQUIRED_EVENTS: ReadonlyArray<readonly [name: string, why: string]> = [
  ['workflow_run', 'a workflow failed or turned green'],
  ['workflow_job', 'a job failed'],
  ['check_run', 'a check of another app failed or turned green'],
  ['check_suite', 'all checks of an app have ended'],
  ['status', 'a commit status changed'],
  ['pull_request', 'a pull request moved, was closed, merged or labelled'],
  ['pull_request_review', 'a person approved a repair or asked for changes'],
  ['issues', 'an issue was labelled or closed'],
  ['issue_comment', 'a person gave a command'],
  ['push', 'a branch moved'],
  ['deployment', 'a deployment was created'],
  ['deployment_status', 'a deployment ended'],
  ['release', 'a release was published'],
];
