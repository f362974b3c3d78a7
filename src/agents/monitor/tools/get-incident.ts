import { z } from 'zod';
import { deciders } from '../../../domain/approvers.ts';
import { Failure } from '../../../domain/failure.ts';
import type { HealingView } from '../../../domain/healing-view.ts';
import { IncidentId } from '../../../domain/incident-id.schema.ts';
import type { Incidents } from '../../incidents.ts';
import { defineTool } from '../../tool.ts';

const Output = z.object({
  incident: z.string(),
  repository: z.string(),
  subject: z.string(),
  title: z.string(),
  state: z.string(),
  paused: z.boolean(),
  attempt: z.number().int(),
  signals: z.number().int(),
  cause: z.string().nullable(),
  strategy: z.string().nullable(),
  proof: z.string().nullable(),
  waits_for: z
    .object({
      what: z.string(),
      who: z.string().describe('Who can decide.'),
      change_set_hash: z.string().describe('What the decision is about; reject names it.'),
      paths: z.array(z.string()),
      reasons: z.array(z.string()),
      until: z.string().nullable(),
    })
    .nullable()
    .describe('The decision of a person that it waits for.'),
  decision: z.object({ verdict: z.string(), by: z.string() }).nullable(),
  pull_request: z.object({ number: z.number().int(), url: z.string(), branch: z.string() }).nullable(),
  outcome: z.object({ kind: z.string(), reason: z.string(), detail: z.string() }).nullable(),
  timeline: z.array(z.object({ at: z.string(), state: z.string(), text: z.string() })),
});

function waitsFor({ approval }: HealingView): z.infer<typeof Output>['waits_for'] {
  if (approval === undefined) return null;
  const { changeSetHash, paths, reasons, until } = approval;
  return {
    what: 'the approval of a change',
    who: deciders(approval),
    change_set_hash: changeSetHash,
    paths: [...paths],
    reasons: [...reasons],
    until: until ?? null,
  };
}

/** One incident: where it stands, what it waits for, who decides. */
export const getIncidentTool = ({ view }: Pick<Incidents, 'view'>) =>
  defineTool({
    name: 'get_incident',
    title: 'Look at an incident',
    description: 'Where the healing of one incident stands, what it waits for and who can decide, with its timeline. Reads only.',
    input: z.strictObject({ incident: IncidentId }),
    output: Output,
    effect: 'reads',
    idempotent: true,
    least: 'outsider',
    async run({ incident }) {
      const seen = await view(incident);
      if (seen === null) throw new Failure('repository-gone', `no healing is known for ${incident}; report the problem first`);
      return {
        incident: seen.healingId,
        repository: `${seen.repo.owner}/${seen.repo.name}`,
        subject: seen.subject,
        title: seen.title,
        state: seen.state,
        paused: seen.paused,
        attempt: seen.attempt,
        signals: seen.signals,
        cause: seen.cause ?? null,
        strategy: seen.strategy ?? null,
        proof: seen.proof ?? null,
        waits_for: waitsFor(seen),
        decision: seen.decision ?? null,
        pull_request: seen.pullRequest ?? null,
        outcome: seen.outcome ?? null,
        timeline: [...seen.timeline],
      };
    },
  });
