import type { Recipe, Rewrite } from './contract.ts';
import { withGoImports } from './go-imports.ts';
import { codeOnly } from './mask.ts';

/** A text larger than this is generated, or data. */
const MAX_TEXT = 200_000;

/** Rewrites what the pattern finds in the code; groups are taken from the text itself. */
function rewritten(source: string, code: string, { find, by }: Rewrite): string {
  let result = '';
  let from = 0;
  for (const match of code.matchAll(new RegExp(find.source, [...new Set([...find.flags, 'g', 'd'])].join('')))) {
    const group = (digit: string): string => {
      const place = match.indices?.[Number(digit)];
      return place === undefined ? '' : source.slice(place[0], place[1]);
    };
    result += source.slice(from, match.index) + by.replace(/\$([1-9])/g, (_whole, digit: string) => group(digit));
    from = match.index + match[0].length;
  }
  return result + source.slice(from);
}

/** A file after a recipe; the same text where it does not apply. */
export function applyRecipe(source: string, recipe: Recipe): string {
  if (source.length > MAX_TEXT) return source;
  let now = source;
  for (const rewrite of recipe.rewrites) {
    const code = codeOnly(now, recipe.language);
    if (code === null) return source;
    if ((rewrite.then === true && now === source) || rewrite.unless?.test(code) === true) continue;
    now = rewritten(now, code, rewrite);
  }
  return now === source || recipe.goImport === undefined ? now : withGoImports(now, recipe.goImport);
}
