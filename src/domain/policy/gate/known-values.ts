import { ALWAYS, type Candidate } from './test-values.ts';

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

/** Which values the tests know and the rest of the program does not; texts count as they stood before the change. */
export function knownToTests(
  testTexts: readonly string[],
  programTexts: readonly string[],
): (candidates: readonly Candidate[]) => ReadonlySet<string> {
  return (candidates) => {
    const values = new Set(candidates.flatMap((candidate) => candidate.values));
    if (values.size === 0) return values;
    const elsewhere = seen(values, programTexts);
    // Small numbers stand everywhere.
    const numbers = new Set(
      candidates
        .filter(({ numeric }) => numeric)
        .flatMap(({ values: all }) => all)
        .filter((value) => value.length <= 2),
    );
    return new Set([...seen(values, testTexts)].filter((value) => !elsewhere.has(value) || numbers.has(value)).concat(ALWAYS));
  };
}
