import type { Tool } from '../tool.ts';

/** Black and isort: files that they would write otherwise. */
export const black: Tool = {
  id: 'black',
  class: 'format',
  read({ text }) {
    const [, path] = /^would reformat (.{1,300}\.(?:pyi?|ipynb))$/.exec(text) ?? [];
    if (path !== undefined) return { path, rule: 'format', message: `not formatted: ${path.slice(path.lastIndexOf('/') + 1)}` };
    const [, broken, why = ''] = /^error: cannot (?:format|parse:?) ([^:]{1,300}): ?(.+)$/.exec(text) ?? [];
    if (broken !== undefined) return { class: 'code', path: broken, rule: 'syntax', message: why };
    const [, unsorted] = /^ERROR: (.{1,300}\.pyi?) Imports are incorrectly sorted/.exec(text) ?? [];
    if (unsorted !== undefined) return { tool: 'isort', path: unsorted, rule: 'imports', message: 'imports are not sorted' };
    return null;
  },
};
