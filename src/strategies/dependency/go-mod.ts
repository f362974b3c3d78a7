import type { PlanStep } from '../../domain/plan.schema.ts';
import type { Comparison, Ecosystem } from './contract.ts';

const MOD = 'go.mod';
const SUM = 'go.sum';
const REQUIRE = /^(\s*(?:require\s+)?)([a-z0-9][\w.~/-]*\.[\w.~/-]+)(\s+)(v\d[\w.+-]*)(\s*\/\/.*)?$/i;
const SECURITY = /security|CVE-\d|GHSA-/i;

interface Required {
  readonly version: string;
  readonly direct: boolean;
  readonly held: boolean;
}

function requiredBy(text: string): ReadonlyMap<string, Required> {
  const found = new Map<string, Required>();
  for (const line of text.split('\n')) {
    const [, , name, , version, comment = ''] = REQUIRE.exec(line) ?? [];
    if (name !== undefined && version !== undefined)
      found.set(name, { version, direct: !/\/\/\s*indirect/.test(comment), held: SECURITY.test(comment) });
  }
  return found;
}

function compare(texts: { readonly mod: string; readonly greenMod: string; readonly sum: string; readonly greenSum: string }): Comparison {
  const [now, then] = [requiredBy(texts.mod), requiredBy(texts.greenMod)];
  return {
    moved: [...now].flatMap(([name, { version, direct, held }]) => {
      const from = then.get(name)?.version;
      return from === undefined || from === version ? [] : [{ name, from, to: version, direct, held }];
    }),
    onlyVersions: [...now.keys()].sort().join(' ') === [...then.keys()].sort().join(' '),
    closure: (names) => names,
    withGreen(names) {
      const mod = texts.mod
        .split('\n')
        .map((line) =>
          line.replace(REQUIRE, (whole, before: string, name: string, gap: string, _version: string, comment: string | undefined) => {
            const from = names.has(name) ? then.get(name)?.version : undefined;
            return from === undefined ? whole : `${before}${name}${gap}${from}${comment ?? ''}`;
          }),
        )
        .join('\n');
      // Sums of versions that nothing asks for do no harm.
      const sums = [...new Set([...texts.sum.split('\n'), ...texts.greenSum.split('\n')])].filter((line) => line !== '').sort();
      const file = (path: string, text: string): PlanStep => ({ kind: 'write-text', path, text, mode: '100644' });
      return [file(MOD, mod), file(SUM, `${sums.join('\n')}\n`)];
    },
  };
}

/** go.mod with go.sum: the manifest names the versions itself. */
export const goMod: Ecosystem = {
  id: 'go',
  locks: [MOD, SUM],
  manifests: [],
  compare(head, green) {
    const [mod, greenMod, sum, greenSum] = [head(MOD), green(MOD), head(SUM), green(SUM)];
    return mod === null || greenMod === null || sum === null || greenSum === null ? null : compare({ mod, greenMod, sum, greenSum });
  },
};
