import { join } from 'node:path';
import { deciders } from '../domain/approvers.ts';
import { Failure } from '../domain/failure.ts';
import type { HealingView } from '../domain/healing-view.ts';
import type { ArtifactRef } from '../domain/names.schema.ts';
import { createArtifactStore } from '../store/artifact-store.ts';
import { plain } from './output.ts';

/** Lines of a diff that are shown unasked; the rest is a command away. */
const DIFF_LINES = 400;

/** The diff as the state folder keeps it; null where it lies on another machine. */
export async function readDiff(stateDir: string, ref: ArtifactRef): Promise<string | null> {
  try {
    return new TextDecoder().decode(await createArtifactStore(join(stateDir, 'artifacts')).get(ref));
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** What a healing has to show for itself: the problem, its cause, the repair and its proof. */
export function repairLines(view: HealingView): readonly string[] {
  const { repair } = view;
  return [
    `problem   ${view.title}`,
    ...(view.cause === undefined ? [] : [`cause     ${view.cause}${view.class === undefined ? '' : ` (${view.class})`}`]),
    ...(repair === undefined ? [] : [`repair    ${repair.title} (${repair.strategy}, ${repair.risk} risk)`]),
    ...(view.proof === undefined ? [] : [`proof     ${view.proof}`]),
    ...(repair?.hash === undefined
      ? []
      : [`change    ${repair.hash.slice(0, 12)}: +${repair.additions} -${repair.deletions} in ${repair.paths.join(', ')}`]),
  ];
}

/** What is asked, of whom and until when. */
export function questionLines(view: HealingView): readonly string[] {
  const { approval } = view;
  if (approval === undefined) return [];
  const until = approval.until === undefined ? '' : `, until ${approval.until.slice(0, 16).replace('T', ' ')} UTC`;
  return [...approval.reasons.map((reason) => `asked for ${reason}`), `waits for ${deciders(approval)}${until}`];
}

/** A diff for the terminal, cut where it is long. */
export function diffLines(diff: string, healing: string, all = false): readonly string[] {
  const lines = diff.replace(/\n$/, '').split('\n').map(plain);
  if (all || lines.length <= DIFF_LINES) return lines;
  return [...lines.slice(0, DIFF_LINES), `... and ${lines.length - DIFF_LINES} lines more: suture status ${healing} --diff`];
}
