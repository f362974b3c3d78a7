export { CommandWorkflow } from './command.ts';
export { HealingWorkflow } from './healing.ts';
export { PatrolWorkflow } from './patrol.ts';
export { RepoCoordinator } from './repo-coordinator.ts';
