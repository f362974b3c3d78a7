import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createExecutor } from '../../activities/executor.ts';
import { serverLimits } from '../../activities/job-of-spec.ts';
import { executorAgent } from '../../agents/executor/server.ts';
import { createIncidents } from '../../agents/incidents.ts';
import { parseRepositoryPolicy, parseSandboxJob } from '../../config/index.ts';
import { Failure } from '../../domain/failure.ts';
import { parseHealingId } from '../../domain/ids.ts';
import { integrations } from '../../integrations/registry.ts';
import { openSandboxes } from '../../sandbox/registry.ts';
import { createExchange } from '../../store/exchange.ts';
import { createRecordStore } from '../../store/record-store.ts';
import type { Served } from './served.ts';

/** The Executor on the forge and the sandbox of this Suture. */
export function openExecutor(served: Served) {
  const { loaded, secrets, healings, readArtifact, artifacts, audit, redact, settings, env, log } = served;
  const { config, stateDir } = loaded;
  const forge = integrations
    .find(({ id }) => id === config.forge)
    ?.forge?.({
      config: loaded.integrations.get(config.forge),
      stateDir,
      secret: (name) => secrets.get(name).map((secret) => secret.reveal()),
      readArtifact,
    });
  if (forge === undefined) throw new Failure('configuration-invalid', `forge: ${config.forge} is no forge`);
  const { service: sandbox } = openSandboxes(config.sandbox, {
    stateDir,
    secret: (name) => secrets.get(name)[0]?.reveal(),
    exchange: (key) => createExchange(join(stateDir, 'exchange'), key),
    ...(env['PATH'] === undefined ? {} : { searchPath: env['PATH'] }),
    log,
  });
  const executor = createExecutor(
    {
      forge,
      sandbox,
      limits: serverLimits(config.sandbox),
      artifacts,
      records: createRecordStore(join(stateDir, 'records')),
      audit,
      parsePolicy: parseRepositoryPolicy,
      redact,
      settings,
    },
    { concurrency: config.sandbox.concurrency },
  );
  return executorAgent({
    executor,
    incidents: createIncidents(healings, readArtifact),
    async nudge(incident, by) {
      const named = parseHealingId(incident);
      if (named === null) return false;
      const at = new Date().toISOString();
      // Once a minute is often enough for who asks again and again.
      const id = createHash('sha256')
        .update(`${incident}\n${by.id}\n${at.slice(0, 16)}`)
        .digest('hex')
        .slice(0, 32);
      return healings.forward(incident, {
        id: `mcp:${id}`,
        source: 'mcp',
        kind: 'requested',
        ...named,
        at,
        actor: by,
        summary: `${by.id} asks for the pull request`.slice(0, 300),
        facts: {},
      });
    },
    parseJob: (yaml) => parseSandboxJob(yaml, 'yaml'),
  });
}
