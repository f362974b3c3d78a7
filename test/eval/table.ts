import { quantile } from '../../bench/statistics.ts';
import { LANGUAGES } from './case.ts';
import type { EvalResult } from './world.ts';

/** One class in one language. */
export interface Row {
  readonly class: string;
  readonly language: string;
  readonly cases: number;
  readonly healed: number;
  readonly escalated: number;
  readonly abstained: number;
  readonly wrong: number;
  /** How many ended as they must. */
  readonly right: number;
  readonly seconds: number;
  readonly runs: number;
}

/** The four numbers for each class and language, in the order of the results. */
export function rowsOf(results: readonly EvalResult[]): readonly Row[] {
  return [...new Set(results.map((result) => result.class))].flatMap((kind) =>
    LANGUAGES.flatMap((language) => {
      const own = results.filter((result) => result.class === kind && result.language === language);
      if (own.length === 0) return [];
      const count = (end: EvalResult['end']) => own.filter((result) => result.end === end).length;
      const median = (pick: (result: EvalResult) => number) => quantile(own.map(pick), 0.5);
      return [
        {
          class: kind,
          language,
          cases: own.length,
          healed: count('healed'),
          escalated: count('escalated'),
          abstained: count('abstained'),
          wrong: count('wrong'),
          right: own.filter(({ right }) => right).length,
          seconds: median(({ seconds }) => seconds),
          runs: median(({ runs }) => runs),
        },
      ];
    }),
  );
}

const HEAD = ['class', 'language', 'cases', 'healed', 'escalated', 'abstained', 'wrong', 'as it must', 'seconds', 'runs'];

/** Rows for a terminal. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [
    HEAD,
    ...rows.map((row) =>
      [row.class, row.language, row.cases, row.healed, row.escalated, row.abstained, row.wrong, row.right, row.seconds, row.runs].map(
        String,
      ),
    ),
  ];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
