import { following, located, ruleAtEnd, type Tool } from '../tool.ts';

const MYPY = /^error: (.+)$/;
const PYRIGHT = /^- (error|warning): (.+)$/;
const STUBS = /^(?:import-not-found|import-untyped|import|reportMissingImports|reportMissingModuleSource|reportMissingTypeStubs)$/;

/** Mypy and Pyright. */
export const mypy: Tool = {
  id: 'mypy',
  class: 'types',
  read(view) {
    const place = located(view.text.trimStart(), /\.pyi?$/);
    if (place === null) return null;
    const rest = place.rest.trimStart();
    const mypySays = MYPY.exec(rest)?.[1];
    if (mypySays !== undefined) {
      const { message, rule } = ruleAtEnd(mypySays, '[');
      return {
        path: place.path,
        line: place.line,
        rule,
        message,
        class: rule === 'syntax' ? 'code' : STUBS.test(rule ?? '') ? 'dependency' : 'types',
      };
    }
    // `path:line:column - error: ...`: the dash is Pyright's.
    const [, severity, said] = PYRIGHT.exec(rest) ?? [];
    if (said === undefined) return null;
    const { message, rule = following(view, /\((report\w{1,60})\)$/, 2)?.[1] } = ruleAtEnd(said, '(');
    return {
      tool: 'pyright',
      path: place.path,
      line: place.line,
      rule,
      message,
      class: STUBS.test(rule ?? '') ? 'dependency' : 'types',
      warning: severity === 'warning',
    };
  },
};
