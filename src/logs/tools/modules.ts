import type { Tool } from '../tool.ts';

/** Each with the specifier first, then whoever imports it. */
const MISSING: readonly RegExp[] = [
  /Module not found: Error: Can't resolve '([^']{1,300})' in '([^']{1,300})'/,
  /Rollup failed to resolve import "([^"]{1,300})" from "([^"]{1,300})"/,
  /Failed to resolve import "([^"]{1,300})" from "([^"]{1,300})"/,
  /Could not resolve "([^"]{1,300})"(?: from "([^"]{1,300})")?/,
  /Cannot find (?:module|package) '([^']{1,300})'(?: (?:imported )?from '?([^' ]{1,300})'?)?/,
  /Failed to load url (\S{1,300}) \(resolved id: [^)]{1,300}\)(?: in (\S{1,300}?))?\.? Does the file exist\?/,
];
const OWN = /^(?:\.{0,2}\/|@\/|~\/|#|src\/)/;

/** Bundlers and loaders of JavaScript that miss a module: a package is a dependency, a file is code. */
export const modules: Tool = {
  id: 'modules',
  class: 'dependency',
  read({ text }) {
    for (const pattern of MISSING) {
      const [, wanted, from] = pattern.exec(text) ?? [];
      if (wanted === undefined) continue;
      return {
        class: OWN.test(wanted) ? 'code' : 'dependency',
        path: from,
        rule: 'module-not-found',
        message: `cannot find ${OWN.test(wanted) ? wanted.slice(wanted.lastIndexOf('/') + 1) : wanted}`,
      };
    }
    return null;
  },
};
