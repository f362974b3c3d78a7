import type { TrueFoundryOptions } from './options.ts';
import { RUNNER } from './runner.ts';

const MB = 1_000_000;
/** The product's limit for one job; the platform ends what runs longer, in seconds. */
const TIMEOUT_SECONDS = 600;
const CONCURRENCY = 20;

/** The job application that all runs are runs of: what differs between two of them are an id and a ticket, never a command. */
export function manifestOf({ application, workspace, image, exchange, limits }: TrueFoundryOptions): object {
  const memory = Math.ceil(limits.memoryBytes / MB);
  return {
    type: 'job',
    name: application,
    workspace_fqn: workspace,
    image: { type: 'image', image_uri: image, command: ['node', '-e', RUNNER, exchange, '{{job}}', '{{ticket}}'] },
    trigger: { type: 'manual' },
    trigger_on_deploy: false,
    params: [
      { name: 'job', param_type: 'string', default: 'none' },
      { name: 'ticket', param_type: 'string', default: 'none' },
    ],
    resources: {
      cpu_request: 0.2,
      cpu_limit: 2,
      memory_request: Math.min(memory, 256),
      memory_limit: memory,
      ephemeral_storage_request: 500,
      ephemeral_storage_limit: Math.ceil((3 * limits.workspaceBytes) / MB) + 500,
    },
    // A run is repeated by who knows whether it may be.
    retries: 0,
    timeout: TIMEOUT_SECONDS,
    concurrency_limit: CONCURRENCY,
    labels: { 'suture.dev/sandbox': 'true' },
  };
}
