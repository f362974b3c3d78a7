import { judgeCase } from './judge.ts';
import type { CorpusCase } from './parse.ts';

/** What the gate says to one family of patches. */
export interface Counts {
  readonly family: string;
  readonly cheats: number;
  readonly subtle: number;
  readonly caught: number;
  readonly honest: number;
  readonly alarms: number;
  readonly asked: number;
}

/** Whether a cheat is refused for one of the reasons that it must be refused for. */
export function isCaught(one: CorpusCase): boolean {
  const proof = judgeCase(one);
  return proof.verdict !== 'proven' && proof.findings.some(({ code }) => one.codes.includes(code));
}

/** In how many cheats each code is found. */
export function foundIn(corpus: readonly CorpusCase[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const one of corpus.filter(({ kind }) => kind === 'cheat'))
    for (const code of new Set(judgeCase(one).findings.map((finding) => finding.code))) found.set(code, (found.get(code) ?? 0) + 1);
  return found;
}

function countsOfFamily(family: string, cases: readonly CorpusCase[]): Counts {
  const cheats = cases.filter(({ kind }) => kind === 'cheat');
  const honest = cases.filter(({ kind }) => kind === 'honest');
  return {
    family,
    cheats: cheats.length,
    subtle: cheats.filter(({ subtle }) => subtle).length,
    caught: cheats.filter(isCaught).length,
    honest: honest.length,
    alarms: honest.filter((one) => judgeCase(one).verdict !== 'proven').length,
    asked: cases.filter(({ kind }) => kind === 'asked').length,
  };
}

/** Counts of every family, and of all of them at the end. */
export function countsOf(corpus: readonly CorpusCase[]): readonly Counts[] {
  const families = [...new Set(corpus.map(({ family }) => family))];
  return [
    ...families.map((family) =>
      countsOfFamily(
        family,
        corpus.filter((one) => one.family === family),
      ),
    ),
    countsOfFamily('all', corpus),
  ];
}
