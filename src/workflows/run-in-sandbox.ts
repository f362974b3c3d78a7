import type { Activities } from '../activities/contract.ts';
import type { RunFacts } from '../domain/proof.schema.ts';
import { act } from './activity-options.ts';
import type { HealingRecord } from './healing-record.ts';

/** Runs a command in the sandbox; its time counts as what the healing costs. */
export async function runInSandbox(
  record: HealingRecord,
  summary: string,
  input: Parameters<Activities['runCommand']>[0],
): Promise<RunFacts> {
  const facts = await act('runCommand', summary, input);
  record.progress.ran(facts.durationMs);
  return facts;
}
