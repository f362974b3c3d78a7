import type { Parsed } from '../contract.ts';
import { fromPullRequest, fromPush } from './events-changes.ts';
import { fromCheckRun, fromStatus, fromWorkflowRun } from './events-checks.ts';
import { fromDeploymentStatus } from './events-deployments.ts';
import { fromIssueComment, fromIssues, fromReview } from './events-people.ts';
import type { Delivery, OwnNames } from './signals.ts';

type Reader = (delivery: Delivery, names: OwnNames) => Parsed;

/** Events that are read. */
export const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['workflow_run', fromWorkflowRun],
  ['check_run', fromCheckRun],
  ['status', fromStatus],
  ['pull_request', fromPullRequest],
  ['push', fromPush],
  ['pull_request_review', fromReview],
  ['issues', fromIssues],
  ['issue_comment', fromIssueComment],
  ['deployment_status', fromDeploymentStatus],
]);

/** Events that arrive and are not read, with the reason. */
export const UNREAD: ReadonlyMap<string, string> = new Map([
  ['check_suite', 'a check suite is reported by its check runs'],
  ['workflow_job', 'a job is reported by its check run'],
  ['deployment', 'how a deployment ends is said by its status'],
  ['release', 'a release says nothing about a failure'],
  ['installation', 'where Suture is installed is asked of GitHub when it is needed'],
  ['installation_repositories', 'where Suture is installed is asked of GitHub when it is needed'],
  ['installation_target', 'where Suture is installed is asked of GitHub when it is needed'],
  ['ping', 'a ping: deliveries arrive'],
]);
