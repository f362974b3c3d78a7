import { located, ruleAtEnd, type Tool } from '../tool.ts';

const CODE = /^([CRWEF]\d{4}): (.+)$/;

/** Pylint's default format. */
export const pylint: Tool = {
  id: 'pylint',
  class: 'lint',
  read({ text }) {
    const place = located(text, /\.pyi?$/);
    const [, code = '', rest] = CODE.exec(place?.rest.trimStart() ?? '') ?? [];
    if (place === null || rest === undefined) return null;
    const { message, rule } = ruleAtEnd(rest, '(');
    return { path: place.path, line: place.line, rule: rule ?? code, message, ...(rule === 'syntax-error' ? { class: 'code' } : {}) };
  },
};
