import { z } from 'zod';
import { ModelQuestion } from '../../domain/model-exchange.schema.ts';
import { CommitSha, RepoPath } from '../../domain/names.schema.ts';
import { Plan, Probe, StrategyRefusal, Trial } from '../../domain/plan.schema.ts';

const common = { strategy: z.string().max(50), refusals: z.array(StrategyRefusal).max(100) };

/** Where a climb ended, as it travels; the same as `Climb`, and what is not known here is an error rather than lost. */
export const ClimbOutput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('plan'), ...common, plan: Plan }),
  z.strictObject({ kind: z.literal('probe'), ...common, probe: Probe }),
  z.strictObject({ kind: z.literal('trial'), ...common, trial: Trial }),
  z.strictObject({
    kind: z.literal('read'),
    ...common,
    files: z.array(z.object({ sha: CommitSha, path: RepoPath })).max(50),
  }),
  z.strictObject({ kind: z.literal('ask'), ...common, question: ModelQuestion }),
  z.strictObject({ kind: z.literal('none'), refusals: common.refusals }),
]);
