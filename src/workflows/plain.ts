/** One line without control or direction characters, cut to `max`. */
function flat(text: string, max: number): string {
  const line = text
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g, ' ')
    .replace(/ +/g, ' ')
    .trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/** Text from outside for a markdown line: one line, no control or direction characters, every character with a meaning escaped, cut to `max`. */
export function plain(text: string, max = 200): string {
  return flat(text, max)
    .replace(/[\\`*_[\]<>#|!~]/g, '\\$&')
    .replace(/(\w):\/\//g, '$1:\\/\\/');
}

const INSTEAD: Readonly<Record<string, string>> = { '[': '(', ']': ')', '<': '‹', '>': '›', '`': "'" };

/** Text from outside for a place that is markdown to some readers and text to others: no escapes that would show, no link, image or tag either. */
export function label(text: string, max: number): string {
  return flat(text, max)
    .replace(/[[\]<>`]/g, (character) => INSTEAD[character] ?? '')
    .replace(/(\w):\/\//g, '$1: //');
}

/** One line of at most `max` characters for data that a renderer escapes later (outcome details, timeline). */
export function oneLine(text: string, max: number): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}
