import { z } from 'zod';
import type { HealingView } from '../../../domain/healing-view.ts';
import { IncidentId } from '../../../domain/incident-id.schema.ts';
import { type Correlated, correlate } from '../../../domain/policy/correlate.ts';
import type { RepositoryPolicy } from '../../../domain/repository-policy.schema.ts';
import type { Incidents } from '../../incidents.ts';
import { defineTool } from '../../tool.ts';

/** Incidents that one call compares; each is asked for. */
const MOST = 50;

/** What correlation looks at of one incident, with the rules of its repository. */
interface Compared {
  readonly incident: string;
  readonly repository: string;
  readonly facts: Correlated;
  readonly rules: RepositoryPolicy['correlation']['rules'];
}

async function compared(incidents: Incidents, view: HealingView): Promise<Compared | null> {
  const file = await incidents.file(view);
  if (file === null) return null;
  const { incident, policy } = file;
  const service = incident.service;
  return {
    incident: view.healingId,
    repository: `${view.repo.owner}/${view.repo.name}`,
    facts: {
      signature: incident.signature,
      kind: view.papers?.kind ?? 'code',
      ...(service === undefined ? {} : { service: service.name }),
      shas: [incident.headSha, ...(service?.deployedSha === undefined ? [] : [service.deployedSha])],
      since: view.timeline[0]?.at ?? '',
    },
    rules: policy.correlation.rules,
  };
}

const Reason = z.object({
  incidents: z.array(z.string()).length(2),
  why: z.string(),
  by: z.enum(['joined', 'rules']).describe('`joined`: the healing took them for one; `rules`: they would be by the rules of the policy.'),
});

function reasonsAmong(all: readonly Compared[]): readonly z.infer<typeof Reason>[] {
  return all.flatMap((one, index) =>
    all.slice(index + 1).flatMap((other) => {
      // One repository's problems never explain another's.
      const why = one.repository === other.repository ? correlate(one.facts, other.facts, one.rules) : null;
      return why === null ? [] : [{ incidents: [one.incident, other.incident], why, by: 'rules' as const }];
    }),
  );
}

/** Which incidents are one problem, and why. */
export const correlateTool = (incidents: Incidents) =>
  defineTool({
    name: 'correlate',
    title: 'Explain which incidents are one',
    description:
      'Says which incidents were taken for one problem, which others would be by the rules of their repository, and why. Explains only: joining and splitting is done by healings and people.',
    input: z.strictObject({
      incidents: z.array(IncidentId).max(MOST).optional().describe('Which to compare; absent: all that are under way.'),
    }),
    output: z.object({
      reasons: z.array(Reason),
      unread: z.array(z.string()).describe('Incidents whose evidence was not read yet, so that nothing can be said.'),
    }),
    effect: 'reads',
    idempotent: true,
    least: 'outsider',
    async run({ incidents: named }) {
      const ids = named ?? (await incidents.list({ running: true, limit: MOST })).map(({ healingId }) => healingId);
      const views = (await Promise.all(ids.map((id) => incidents.view(id)))).filter((view) => view !== null);
      const files = await Promise.all(views.map((view) => compared(incidents, view)));
      return {
        reasons: [
          ...views.flatMap(({ healingId, joined = [] }) =>
            joined.map((each) => ({ incidents: [healingId, each.healingId], why: each.why, by: 'joined' as const })),
          ),
          ...reasonsAmong(files.filter((file) => file !== null)),
        ],
        unread: views.filter((_, index) => files[index] === null).map(({ healingId }) => healingId),
      };
    },
  });
