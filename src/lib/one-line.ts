import { visibleText } from './escape.ts';

/** Outside text as one line of at most `max` characters: no control characters, no terminal sequences, runs of blanks as one; never ends in half a character. */
export function oneLine(text: string, max: number): string {
  // Cut before and after cleaning: a huge text is not looked at whole, and cleaning can make text longer.
  const flat = visibleText(text.slice(0, max * 4))
    .replace(/\s+/g, ' ')
    .trim();
  return flat.length <= max ? flat : flat.slice(0, max).replace(/[\ud800-\udbff]$/, '');
}
