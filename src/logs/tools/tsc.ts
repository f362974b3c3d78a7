import { located, type Tool } from '../tool.ts';

const CLASSIC = /^([^\s(][^(]{0,299})\((\d{1,7}),\d{1,7}\): (error) (TS\d{1,6}): (.+)$/;
const PRETTY = /^(error) (TS\d{1,6}): (.+)$/;

/** TypeScript's compiler, in both of its styles, and those that wrap it. */
export const tsc: Tool = {
  id: 'tsc',
  class: 'types',
  read({ text }) {
    const classic = CLASSIC.exec(text);
    if (classic !== null) {
      const [, path, line, , rule, message = ''] = classic;
      return { class: classOf(rule ?? '', message), path, line: Number(line), rule, message };
    }
    const place = located(text);
    const [, , rule, message = ''] = PRETTY.exec((place?.rest ?? text).replace(/^- /, '')) ?? [];
    if (rule === undefined) return null;
    // Without a place it is the project file that does not fit.
    return place === null
      ? { class: 'configuration', rule, message }
      : { class: classOf(rule, message), path: place.path, line: place.line, rule, message };
  },
};

function classOf(rule: string, message: string): 'types' | 'dependency' {
  // TS2307 and TS7016: a module, or its declarations, cannot be found. One of the repository's own begins with a dot.
  return (rule === 'TS2307' || rule === 'TS7016') && !/'(?:\.|\/|@\/|~\/)/.test(message) ? 'dependency' : 'types';
}
