import type { Tool } from '../tool.ts';

const ERROR = /^(?:Uncaught )?([A-Z]\w{0,60}Error)(?: \[(\w{1,60})\])?: (.+)$/;

/** An exception that ended a program of Node's: its name and message, with the stack below. */
export const node: Tool = {
  id: 'node',
  class: 'code',
  read({ text, near }) {
    const [, name, code, message] = ERROR.exec(text.trimStart()) ?? [];
    if (
      message === undefined ||
      !(/^\s+at /.test(near(1)) || /^\s+at /.test(near(2)) || /^\s*❯ /u.test(near(1)) || /^\s*❯ /u.test(near(2)))
    )
      return null;
    return { rule: code ?? name, message };
  },
};
