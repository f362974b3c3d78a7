import type { Tool } from '../tool.ts';

/** Also with the `E   ` that pytest puts before it, and pytest's own summary stripped by its parser. */
const ERROR =
  /^(?:E {3,12})?((?:[A-Za-z_]\w{0,60}\.){0,6}[A-Z]\w{0,60}(?:Error|Exception|Exit|Interrupt|Warning)|StopIteration)(?:: (.*))?$/;
const MODULE = /^No module named '([\w.]{1,200})'/;

/** An exception that ended a Python program or test. */
export const python: Tool = {
  id: 'python',
  class: 'code',
  read({ text, paths, near }) {
    const [, rule, message = ''] = ERROR.exec(text) ?? [];
    if (rule === undefined || rule.endsWith('Warning')) return null;
    if (rule === 'ModuleNotFoundError' || rule === 'ImportError') {
      const [top] = (MODULE.exec(message)?.[1] ?? '').split('.');
      const own = paths.some((path) => path.split('/').some((part) => part === top || part === `${top}.py`));
      const relative = message.startsWith('cannot import name') && message.includes('most likely due to a circular import');
      const missing = top !== undefined && top !== '' && !own;
      return { class: missing ? 'dependency' : 'code', rule, message: relative ? 'circular import' : message };
    }
    if (
      rule === 'KeyError' &&
      /^'[A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,60}'$/.test(message) &&
      [1, 2, 3, 4, 5].some((back) => /environ/.test(near(-back)))
    )
      return { class: 'environment', rule: 'missing-variable', message: `no environment variable ${message}` };
    if (rule === 'PermissionError') return { class: 'environment', rule, message };
    return { rule, message: message === '' ? rule : message };
  },
};
