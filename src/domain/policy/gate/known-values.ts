import { ALWAYS, type Candidate, squeeze } from './test-values.ts';

const TOKEN = /[^\s,;:()[\]{}"'`=<>|]+/g;
const LITERAL = /(['"`])([^'"`\n]{1,80})\1/g;
/** Up to so many values are looked for anywhere in a text; more of them only as whole words and literals. */
const ANYWHERE = 100;

function seen(values: ReadonlySet<string>, texts: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const raw of texts) {
    const text = raw.toLowerCase();
    const words = new Set<string>();
    for (const [token] of text.matchAll(TOKEN)) if (values.has(token)) words.add(token);
    for (const [, , literal = ''] of text.matchAll(LITERAL)) if (values.has(literal)) words.add(literal);
    for (const word of words) found.add(word);
    if (values.size > ANYWHERE) continue;
    for (const value of values)
      if (!found.has(value) && value.length >= 4 && !/^-?[\d.]+$/.test(value) && text.includes(value)) found.add(value);
  }
  return found;
}

/** Groups of values that stand on one line of a text together. */
function together(groups: readonly Candidate[], texts: readonly string[]): ReadonlySet<Candidate> {
  const found = new Set<Candidate>();
  const asked = groups.slice(0, ANYWHERE);
  if (asked.length === 0) return found;
  for (const text of texts) {
    for (const row of text.split('\n')) {
      const words = new Set(row.slice(0, 2000).match(TOKEN));
      for (const group of asked) if (!found.has(group) && group.values.every((value) => words.has(value))) found.add(group);
    }
  }
  return found;
}

/** Lists and objects that stand in a test as they stand in the code, whatever the blanks, and nowhere else in the program. */
function writtenOut(candidates: readonly Candidate[], tests: readonly string[], programs: readonly string[]): ReadonlySet<Candidate> {
  const asked = candidates.filter(({ squeezed }) => squeezed).slice(0, ANYWHERE);
  if (asked.length === 0) return new Set();
  const inTests = tests.map(squeeze);
  const elsewhere = programs.map(squeeze);
  return new Set(
    asked.filter(
      ({ values: [value = ''] }) => inTests.some((text) => text.includes(value)) && !elsewhere.some((text) => text.includes(value)),
    ),
  );
}

/** Which of the candidates only the tests know; texts count as they stood before the change. */
export function knownToTests(
  testTexts: readonly string[],
  programTexts: readonly string[],
): (candidates: readonly Candidate[]) => ReadonlySet<Candidate> {
  return (all) => {
    const whole = writtenOut(all, testTexts, programTexts);
    const candidates = all.filter(({ squeezed }) => !squeezed);
    const values = new Set(candidates.flatMap((candidate) => candidate.values));
    if (values.size === 0) return whole;
    const groups = candidates.filter(({ numeric, values: all }) => numeric && all.length > 1);
    const onOneLine = together(groups, testTexts);
    const elsewhere = seen(values, programTexts);
    const inTests = seen(values, testTexts);
    const known = new Set(
      candidates.filter((candidate) =>
        candidate.values.length > 1 && candidate.numeric
          ? onOneLine.has(candidate) || candidate.values.every((value) => value.length > 3 && inTests.has(value) && !elsewhere.has(value))
          : candidate.values.every(
              (value) => value === ALWAYS || (inTests.has(value) && (!elsewhere.has(value) || (candidate.numeric && value.length <= 2))),
            ),
      ),
    );
    for (const each of whole) known.add(each);
    return known;
  };
}
