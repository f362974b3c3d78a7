import { z } from 'zod';
import { ModelQuestion } from '../../domain/model-exchange.schema.ts';
import { CommitSha, RepoPath } from '../../domain/names.schema.ts';
import { Plan, Probe, StrategyRefusal, Trial } from '../../domain/plan.schema.ts';

const common = { strategy: z.string().max(50), refusals: z.array(StrategyRefusal).max(100) };

/** Where a climb ended, as it travels; the same as `Climb`. */
export const ClimbOutput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('plan'), ...common, plan: Plan }),
  z.object({ kind: z.literal('probe'), ...common, probe: Probe }),
  z.object({ kind: z.literal('trial'), ...common, trial: Trial }),
  z.object({
    kind: z.literal('read'),
    ...common,
    files: z.array(z.object({ sha: CommitSha, path: RepoPath })).max(50),
  }),
  z.object({ kind: z.literal('ask'), ...common, question: ModelQuestion }),
  z.object({ kind: z.literal('none'), refusals: common.refusals }),
]);
