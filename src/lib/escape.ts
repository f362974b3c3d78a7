// What a terminal or a renderer would act on. The string sequences stop at a line's end, so that an unclosed one cannot hide the rest of a log.
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this removes
const TERMINAL =
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]{0,4096}(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]{0,4}[0-~]?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const HIDDEN =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\uddef]/g;

function visible(character: string): string {
  return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** Text without terminal sequences and control characters (line feeds and tabs stay); invisible and direction-turning characters become readable, as `[U+202E]`. */
export function visibleText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0085\u2028\u2029]/g, '\n')
    .replace(TERMINAL, '')
    .replace(CONTROL, '')
    .replace(HIDDEN, visible);
}

const WORKFLOW_COMMAND = /^([ \t]*):(?=:)|^([ \t]*#)(?=#\[)/gm;

/** Text for places that show it as it is (commit messages, terminals, chat): nothing in it mentions, closes, links or commands. */
export function escapePlain(text: string): string {
  return visibleText(text)
    .replace(WORKFLOW_COMMAND, (match) => `${match}\u200b`)
    .replace(/@(?=[A-Za-z0-9_])/g, '@\u200b')
    .replace(/#(?=\d)/g, '#\u200b')
    .replace(/\b(GH)(?=-\d)/gi, '$1\u200b')
    .replace(/:\/\//g, ':\u200b//')
    .replace(/<(?=[!@#a-zA-Z/])/g, '<\u200b');
}

/** Text as one inline run of markdown: shown literally, with no markup, HTML, mention, closing keyword, link or command in it. Line breaks become blanks. */
export function escapeMarkdown(text: string): string {
  const flat = visibleText(text).replace(/\s+/g, ' ').trim();
  return flat.replace(/&|<|>|@|#|:(?=:|\/\/)|[\\`*_{}[\]()+\-.!|~$^=]|\b(?:GH(?=-\d)|www(?=\.))/gi, (match) => {
    switch (match) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      // A renderer finds mentions, issue numbers and links in the text that it has rendered, so a backslash is not enough: something must stand between.
      case '@':
        return '@&#8203;';
      case '#':
        return '\\#&#8203;';
      case ':':
        return ':&#8203;';
      default:
        return /^[a-z]/i.test(match) ? `${match}&#8203;` : `\\${match}`;
    }
  });
}

/** Text as a block of code, in a fence longer than any fence inside it. `lang` is dropped unless it is a plain word. */
export function fenced(text: string, lang = ''): string {
  const safe = visibleText(text)
    .replace(WORKFLOW_COMMAND, (match) => `${match}\u200b`)
    .replace(/\n+$/, '');
  const longest = Math.max(0, ...(safe.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}${/^[a-z0-9-]{0,20}$/.test(lang) ? lang : ''}\n${safe}\n${fence}`;
}

/** Text as inline code: one line, in more backticks than any run inside it. */
export function inlineCode(text: string): string {
  const safe = visibleText(text).replace(/\s+/g, ' ').trim();
  const longest = Math.max(0, ...(safe.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = safe === '' || safe.startsWith('`') || safe.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${safe}${pad}${ticks}`;
}
