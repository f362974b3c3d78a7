import { located, type Tool } from '../tool.ts';

const CODE = /^([A-Z]{1,4}\d{3,4}|invalid-syntax|SyntaxError|unformatted):? (\[\*\] )?(.+)$/;
const PLACE = /^\s*--> (.{1,300}):(\d{1,7}):\d{1,7}$/;
const REFORMAT = /^Would reformat: (.{1,300})$/;
const PYTHON = /\.(?:pyi?|ipynb)$/;

/** Ruff, its concise and its full format, and its formatter; Flake8 prints the concise one, too. */
export const ruff: Tool = {
  id: 'ruff',
  class: 'lint',
  read(view) {
    const { text, command } = view;
    const unformatted = REFORMAT.exec(text)?.[1];
    if (unformatted !== undefined)
      return {
        class: 'format',
        path: unformatted,
        rule: 'format',
        message: `not formatted: ${unformatted.slice(unformatted.lastIndexOf('/') + 1)}`,
      };
    const place = located(text, PYTHON);
    const [, rule, fixable, message = ''] = CODE.exec(place?.rest.trimStart() ?? text) ?? [];
    if (rule === undefined) return null;
    const next = place === null ? PLACE.exec(view.near(1)) : null;
    if (place === null && next === null) return null;
    const syntax = rule === 'invalid-syntax' || rule === 'SyntaxError' || rule === 'E999';
    // Only Ruff marks what it can fix, and quotes names in backticks; Flake8 says the same otherwise.
    const flake8 = place !== null && fixable === undefined && !message.includes('`') && !syntax && !command.includes('ruff');
    return {
      tool: flake8 || command.includes('flake8') ? 'flake8' : 'ruff',
      ...(syntax ? { class: 'code' } : rule === 'unformatted' ? { class: 'format' } : {}),
      path: place?.path ?? next?.[1],
      line: place?.line ?? Number(next?.[2] ?? 0),
      rule,
      message,
    };
  },
};
