/** Characters that nobody sees or that turn the text around; the blank of no width that our own escapes put in is judged by where it stands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e01ef}]/u;
const LOOSE_BLANK = /(?<![@#:<]|GH)\u200b/i;

/** What would act in text that is shown as it is: titles, commit messages, names. */
export function actsInPlainText(text: string): readonly string[] {
  const rules: ReadonlyArray<readonly [string, RegExp]> = [
    ['unseen character', UNSEEN],
    ['blank without width', LOOSE_BLANK],
    ['mention', /@[A-Za-z0-9_]/],
    ['reference', /#\d|\bGH-\d/i],
    ['tag', /<[a-zA-Z!/]/],
    ['link', /:\/\//],
    ['workflow command', /^[ \t]*(?:::|##\[)/m],
  ];
  return rules.filter(([, rule]) => rule.test(text)).map(([name, rule]) => `${name}: ${excerptAt(text, rule)}`);
}

function excerptAt(text: string, rule: RegExp): string {
  const at = rule.exec(text)?.index ?? 0;
  return JSON.stringify(text.slice(Math.max(0, at - 30), at + 40));
}

/** Markdown without its code, in which nothing acts: fences that are closed as CommonMark closes them, then spans of backticks. */
function withoutCode(markdown: string): string {
  const lines: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.split('\n')) {
    const found = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    const [, ticks = '', info = ''] = found ?? [];
    if (fence === null && found !== null && !(ticks.startsWith('`') && info.includes('`'))) fence = ticks;
    else if (fence !== null && ticks.startsWith(fence) && info.trim() === '') fence = null;
    else if (fence === null) lines.push(line);
  }
  if (fence !== null) lines.push('a fence that is never closed: <!');
  // A backslash before a run of backticks outside code takes its first away.
  return lines
    .join('\n')
    .replace(/\\`/g, '')
    .replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
}

/** What Suture itself writes in HTML and links. */
const OWN =
  /<\/?details>|<\/?summary>|<!-- suture(?:-claim|-answer|-closed)?(?::[A-Za-z0-9._:/#-]+)? -->|^History(?: of this healing)?: <https?:\/\/[^\s<>]+>$/gm;

/** What would act in markdown as GitHub shows it; `ours` is the one marker that must stand at the very end. */
export function actsInMarkdown(markdown: string): readonly string[] {
  const text = withoutCode(markdown).replace(OWN, '');
  const rules: ReadonlyArray<readonly [string, RegExp]> = [
    ['mention', /@[A-Za-z0-9_]|&(?:#64|#x40|commat);[A-Za-z0-9_]/i],
    ['reference', /(?<!&)#\d|\bGH-\d/i],
    ['tag', /<[a-zA-Z!/]/],
    ['link', /:\/\/|\bwww\.|(?<!\\)\]\(|(?<!\\)\]:/],
    ['image', /(?<!\\)!\[/],
  ];
  return [
    ...rules.filter(([, rule]) => rule.test(text)).map(([name, rule]) => `${name}: ${excerptAt(text, rule)}`),
    ...[UNSEEN, /^[ \t]*::/m]
      .filter((rule) => rule.test(markdown))
      .map((rule) => `unseen character or command: ${excerptAt(markdown, rule)}`),
  ];
}
