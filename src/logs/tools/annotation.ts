import type { Tool } from '../tool.ts';

const COMMAND = /^::(error|warning) ?([^:]{0,600}(?::(?!:)[^:]{0,200}){0,5})::(.+)$/;

/** Annotations that a step hands to the forge: `::error file=a.ts,line=3::message`. Who made them is not said, so they only point. */
export const annotation: Tool = {
  id: 'annotation',
  class: 'unknown',
  read({ text }) {
    const [, severity, fields = '', message] = COMMAND.exec(text) ?? [];
    if (message === undefined) return null;
    const field = (name: string) =>
      fields
        .split(',')
        .find((each) => each.trim().startsWith(`${name}=`))
        ?.trim()
        .slice(name.length + 1);
    const line = Number(field('line'));
    return {
      path: field('file'),
      ...(Number.isInteger(line) && line > 0 ? { line } : {}),
      rule: field('title'),
      message,
      warning: severity === 'warning',
    };
  },
};
