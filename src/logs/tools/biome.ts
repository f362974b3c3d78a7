import { following, type Tool } from '../tool.ts';

const HEADING =
  /^(\S[^:]{0,299}?)(?::(\d{1,7}):\d{1,7})? (lint\/[\w/]{1,100}|format|parse|organizeImports|assist\/[\w/]{1,100}|configuration|deserialize)\b.*━/;
const MESSAGE = /^\s+[×!i✖] (.+)$/u;

/** Biome: a heading with place and rule, then what is wrong. */
export const biome: Tool = {
  id: 'biome',
  class: 'lint',
  read(view) {
    const [, path, line, rule] = HEADING.exec(view.text) ?? [];
    if (rule === undefined) return null;
    const said = following(view, MESSAGE, 4);
    const kind =
      rule === 'format' || /organizeImports/.test(rule)
        ? 'format'
        : rule === 'parse'
          ? 'code'
          : rule === 'configuration' || rule === 'deserialize'
            ? 'configuration'
            : 'lint';
    return {
      class: kind,
      path,
      ...(line === undefined ? {} : { line: Number(line) }),
      rule,
      message: said?.[1] ?? rule,
      warning: said !== null && /^\s+!/.test(said[0]),
    };
  },
};
