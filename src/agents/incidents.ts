import type { z } from 'zod';
import type { DeploymentResult } from '../domain/deployment-result.schema.ts';
import { Failure } from '../domain/failure.ts';
import type { FixProposal } from '../domain/fix-proposal.schema.ts';
import type { HealingView } from '../domain/healing-view.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import type { Problem } from '../domain/problem.schema.ts';
import type { Healings } from '../temporal/contract.ts';
import { IncidentFile, PlanFile, problemOf, proposalOf, resultOf } from './incident-papers.ts';

/** What agents may know of incidents. Reads only. */
export interface Incidents {
  list: Healings['list'];
  view: Healings['view'];
  /** What a healing has on file of its incident; null before its evidence was read. */
  file(view: HealingView): Promise<IncidentFile | null>;
  problem(incident: string): Promise<Problem | null>;
  proposal(incident: string): Promise<FixProposal | null>;
  result(incident: string): Promise<DeploymentResult | null>;
}

/** Ids that a list of resources names. */
const LISTED = 100;

/** Ids of the incidents that a list of resources names: those under way. */
export async function listedIncidents(incidents: Pick<Incidents, 'list'>): Promise<readonly string[]> {
  return (await incidents.list({ running: true, limit: LISTED })).map(({ healingId }) => healingId);
}

/** Incidents as Temporal and the store know them. */
export function createIncidents(
  healings: Pick<Healings, 'list' | 'view'>,
  readArtifact: (ref: ArtifactRef) => Promise<Uint8Array>,
): Incidents {
  async function read<Schema extends z.ZodType>(ref: ArtifactRef, schema: Schema): Promise<z.infer<Schema>> {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(await readArtifact(ref))));
    if (!parsed.success) throw new Failure('artifact-missing', `artifact ${ref.sha256} was written by another version of Suture`);
    return parsed.data;
  }
  const file = async ({ papers }: HealingView): Promise<IncidentFile | null> =>
    papers?.dossier === undefined ? null : read(papers.dossier, IncidentFile);
  return {
    list: (options) => healings.list(options),
    view: (id) => healings.view(id),
    file,
    async problem(id) {
      const view = await healings.view(id);
      return view === null ? null : problemOf(view, await file(view));
    },
    async proposal(id) {
      const view = await healings.view(id);
      const known = view === null ? null : await file(view);
      if (view?.papers?.plan === undefined || known === null) return null;
      return proposalOf(view, known, await read(view.papers.plan, PlanFile));
    },
    async result(id) {
      const view = await healings.view(id);
      return view === null ? null : resultOf(view, await file(view));
    },
  };
}
