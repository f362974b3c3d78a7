import { createHash } from 'node:crypto';
import { Failure } from '../../domain/failure.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { DeploymentFacts, ForgeDeployments } from '../contract.ts';
import { Refusal, unless } from './answer.ts';
import type { Api, GitHubApi } from './api.ts';
import { dispatchWorkflow, readRun } from './dispatch.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { DEPLOY, DISPATCH, READ } from './scopes.ts';

const MAX_LISTED = 20;
/** Deployments of one commit in which the key of an earlier try is looked for. */
const MAX_SEARCHED = 100;

interface Deployment {
  readonly id: number | bigint;
  readonly sha: string;
  readonly environment: string;
  readonly created_at: string;
  readonly payload?: unknown;
}

/** The newest word about a deployment. One that a later success replaced is `inactive`, and was a success itself if it ever said so. */
async function facts(api: Api, deployment: Deployment): Promise<DeploymentFacts> {
  const { data } = await api.call('GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    deployment_id: Number(deployment.id),
    per_page: 30,
  });
  const [newest] = data;
  const succeeded = data.some((status) => status.state === 'success');
  const url = newest?.environment_url ?? newest?.log_url ?? newest?.target_url;
  return {
    id: String(deployment.id),
    sha: deployment.sha,
    environment: deployment.environment,
    state: stateOf(newest?.state, succeeded),
    at: newest?.created_at ?? deployment.created_at,
    ...(typeof url === 'string' && /^https?:\/\//.test(url) ? { url } : {}),
    ...(newest?.description ? { detail: oneLine(newest.description, 300) } : {}),
  };
}

function stateOf(state: string | undefined, succeeded: boolean): DeploymentFacts['state'] {
  switch (state) {
    case 'success':
      return 'success';
    case 'inactive':
      return succeeded ? 'success' : 'failure';
    case 'error':
    case 'failure':
      return 'failure';
    case 'in_progress':
      return 'running';
    default:
      return 'queued';
  }
}

/** The key of a deployment of ours, as its payload carries it. */
function keyOf(payload: unknown): string | null {
  let value = payload;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value) as unknown;
    } catch {
      return null;
    }
  }
  return typeof value === 'object' && value !== null && 'suture' in value && typeof value.suture === 'string' ? value.suture : null;
}

/** Deployments at GitHub. */
export function createDeployments(github: GitHubApi): ForgeDeployments {
  const alone = createKeyedLock();
  return {
    async list(repo, environment) {
      const api = github.for(repo, READ);
      const { data } = await api.call('GET /repos/{owner}/{repo}/deployments', { environment, per_page: MAX_LISTED });
      return Promise.all(data.map((deployment) => facts(api, deployment)));
    },
    dispatch: (repo, input) =>
      alone(`${repo.owner}/${repo.name}/${input.workflow}/${input.sha}`, () => dispatchWorkflow(github.for(repo, DISPATCH), input)),
    create: (repo, { sha, environment, key, wasLive }) =>
      alone(`${repo.owner}/${repo.name}/${key}`, async () => {
        const api = github.for(repo, DEPLOY);
        const mark = createHash('sha256').update(key).digest('hex');
        const earlier = await api.all('GET /repos/{owner}/{repo}/deployments', { environment, sha }, (data) => data, MAX_SEARCHED);
        const found = earlier.find((deployment) => keyOf(deployment.payload) === mark);
        if (found !== undefined) return facts(api, found);
        try {
          const { data, status } = await api.call('POST /repos/{owner}/{repo}/deployments', {
            ref: sha,
            environment,
            auto_merge: false,
            ...(wasLive === true ? { required_contexts: [] } : {}),
            description: 'A repair by Suture',
            payload: { suture: mark },
          });
          // 202: GitHub merged the base instead of deploying; without auto_merge it never does.
          if (status !== 201 || !('id' in data))
            throw new Failure('conflict', `GitHub made no deployment of ${sha.slice(0, 10)} to ${environment}`);
          return await facts(api, data);
        } catch (error) {
          // Checks of the commit have not ended, or not well.
          if (error instanceof Refusal && error.status === 409)
            throw new Failure('conflict', error.message, { cause: error, retryAfterMs: 15_000 });
          throw error;
        }
      }),
    async get(repo, id) {
      const api = github.for(repo, READ);
      if (!/^[1-9]\d{0,18}$/.test(id)) return readRun(api, id);
      const answer = await unless(
        [404],
        null,
        api.call('GET /repos/{owner}/{repo}/deployments/{deployment_id}', { deployment_id: Number(id) }),
      );
      return answer === null ? null : facts(api, answer.data);
    },
  };
}
