import { following, located, type Tool } from '../tool.ts';

const STYLISH = /^\s+(\d{1,7}):\d{1,7}\s+(error|warning)\s+(.+)$/;
const UNIX = /^(.*) \[(Error|Warning)(?:\/([\w@./-]{1,100}))?\]$/;
const OXLINT = /^\s*([×x⚠!]) ([\w@/-]{1,60})\(([\w/-]{1,80})\): (.+)$/u;
const PLACE = /\[([^[\]]{1,300}):(\d{1,7}):\d{1,7}\]/;

/** ESLint (stylish and unix format) and oxlint. */
export const eslint: Tool = {
  id: 'eslint',
  class: 'lint',
  read(view) {
    const { text, heading } = view;
    const stylish = STYLISH.exec(text);
    if (stylish !== null) {
      const [, line, severity, rest = ''] = stylish;
      const gap = rest.lastIndexOf('  ');
      const rule = gap < 0 ? undefined : rest.slice(gap + 2);
      if (rest.startsWith('Parsing error:'))
        return { class: 'code', path: heading, line: Number(line), rule: 'parsing-error', message: rest };
      // A formatter that speaks through the linter is still the formatter.
      return {
        ...(rule === 'prettier/prettier' ? { class: 'format' } : {}),
        path: heading,
        line: Number(line),
        rule,
        message: (gap < 0 ? rest : rest.slice(0, gap)).trim(),
        warning: severity === 'warning',
      };
    }
    const place = located(text);
    const unix = place === null ? null : UNIX.exec(place.rest);
    if (place !== null && unix !== null)
      return { path: place.path, line: place.line, rule: unix[3], message: unix[1] ?? '', warning: unix[2] === 'Warning' };
    const [, sign, plugin, name, message = ''] = OXLINT.exec(text) ?? [];
    if (plugin !== undefined) {
      const [, path, line] = following(view, PLACE, 3) ?? [];
      return { tool: 'oxlint', path, line: Number(line ?? 0), rule: `${plugin}/${name}`, message, warning: sign === '⚠' || sign === '!' };
    }
    if (/^ESLint couldn't find (?:an eslint\.config|a configuration|the (?:plugin|config))/.test(text))
      return { class: 'configuration', rule: 'no-config', message: text };
    return null;
  },
};
