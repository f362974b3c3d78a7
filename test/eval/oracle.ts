import type { ChangeSet } from '../../src/domain/change-set.schema.ts';
import type { EvalCase } from './case.ts';

type Tree = ReadonlyMap<string, string | Uint8Array>;

/** JSON is the same however it is written, as long as its keys stand in the same order. */
function same(path: string, one: Buffer, other: Buffer): boolean {
  if (one.equals(other)) return true;
  if (!path.endsWith('.json')) return false;
  try {
    return JSON.stringify(JSON.parse(one.toString())) === JSON.stringify(JSON.parse(other.toString()));
  } catch {
    return false;
  }
}

function differences(have: Tree, want: Tree): readonly string[] {
  return [...new Set([...have.keys(), ...want.keys()])]
    .filter((path) => {
      const [one, other] = [have.get(path), want.get(path)];
      return one === undefined || other === undefined || !same(path, Buffer.from(one), Buffer.from(other));
    })
    .sort();
}

/** What a change makes of the repository, beside what it should hold: null where they are the same, else which paths are not. */
export function judgeChange({ head, truth }: Pick<EvalCase, 'head' | 'truth'>, change: ChangeSet): readonly string[] | null {
  if (truth.end !== 'healed') return ['nothing was to be changed'];
  const after = new Map(head);
  for (const file of change.files) {
    if (file.op === 'delete') after.delete(file.path);
    else after.set(file.path, Buffer.from(file.content, 'base64'));
  }
  const apart = truth.trees.map((tree) => differences(after, tree));
  return apart.some((paths) => paths.length === 0) ? null : (apart[0] ?? []);
}
