import { createHash } from 'node:crypto';
import { createIncidents } from '../../agents/incidents.ts';
import { monitorAgent } from '../../agents/monitor/server.ts';
import type { ReportDoor } from '../../agents/monitor/tools/report-problem.ts';
import { healingId } from '../../domain/ids.ts';
import { storeSignal } from '../../http/store-signal.ts';
import { ManualReport } from '../../integrations/manual/request.ts';
import { manualSignal } from '../../integrations/manual/signal.ts';
import { stableJson } from '../../lib/stable-json.ts';
import { datadogMonitors } from '../set-up/datadog.ts';
import { gitHubWebhooks } from '../set-up/github.ts';
import type { Served } from './served.ts';

/** The same door as every authenticated report: one signal, stored once, in the trail. */
function reports({ healings, settings, audit }: Served): ReportDoor<typeof ManualReport> {
  return {
    input: ManualReport,
    async send(report, by) {
      const key = createHash('sha256')
        .update(stableJson([by.id, report]))
        .digest('hex');
      const signal = manualSignal(report, { source: 'mcp', scope: by.id, key, at: new Date(), actor: by });
      const incident = healingId(signal.repo, signal.subject);
      const door = {
        report: healings.report,
        forward: healings.forward,
        command: healings.command,
        settings,
        webUiUrl: () => healings.webUiUrl(incident),
      };
      const [taken] = await Promise.all([
        storeSignal(signal, incident, door),
        audit.append({
          key: `signal/${signal.source}/${signal.id}`,
          action: 'signal-received',
          actor: by.id,
          healingId: incident,
          repo: `${signal.repo.owner}/${signal.repo.name}`,
          facts: { source: signal.source, kind: signal.kind, subject: signal.subject },
        }),
      ]);
      return { incident, taken };
    },
  };
}

/** The Monitor on the healings of this Suture. */
export function openMonitor(served: Served) {
  const { healings, readArtifact } = served;
  return monitorAgent({
    incidents: createIncidents(healings, readArtifact),
    reports: reports(served),
    ending: {
      stop: (incident, request) => healings.stop(incident, request),
      // The only verdict that an agent's words can carry.
      reject: (incident, rejection) => healings.decide(incident, { ...rejection, verdict: 'reject', via: 'http' }),
    },
    webhooks: gitHubWebhooks(served.env),
    monitors: datadogMonitors(served.env),
  });
}
