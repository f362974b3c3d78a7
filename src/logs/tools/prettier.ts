import type { Tool } from '../tool.ts';

const UNFORMATTED = /^\[warn\] (\S.{0,299})$/;
const BROKEN = /^\[error\] ([^:]{1,300}): (SyntaxError: .+)$/;
const FILE = /\.\w{1,10}$/;

/** `prettier --check` and `--list-different`. */
export const prettier: Tool = {
  id: 'prettier',
  class: 'format',
  read({ text }) {
    const path = UNFORMATTED.exec(text)?.[1];
    if (path !== undefined && FILE.test(path) && !path.includes(': '))
      return { path, rule: 'format', message: `not formatted: ${path.slice(path.lastIndexOf('/') + 1)}` };
    const [, broken, message = ''] = BROKEN.exec(text) ?? [];
    if (broken !== undefined) return { class: 'code', path: broken, rule: 'syntax', message };
    return null;
  },
};
