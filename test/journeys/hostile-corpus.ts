/** What people who mean harm, or only paste, put into titles, names, messages, logs and comments. Each does something where it is not shown as it is. */
export const HOSTILE: Readonly<Record<string, string>> = {
  mention: '@maria @acme/everyone cc @theo',
  closing: 'Fixes #1, closes GH-2, resolves acme/shop#3',
  html: '<img src=x onerror=alert(1)><script>alert(1)</script></details></summary>',
  link: '[click](https://evil.example/x) ![pixel](https://evil.example/p.png) https://evil.example www.evil.example',
  reference: '[a]: https://evil.example "t"',
  table: '| a | b | **bold** _it_ ~~gone~~ `code` ```',
  workflowCommand: '::set-output name=token::stolen',
  newCommand: '##[error]stolen ::add-mask::x',
  ansi: '\u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  bidi: 'safe \u202eelif.exe\u202c \u2066hidden\u2069',
  zeroWidth: 'in\u200bvis\u200dible\u2060 \ufeff\u00ad',
  tags: 'tag\u{e0041}\u{e0042}',
  shell: '$(touch /tmp/pwned) `touch /tmp/pwned` ; rm -rf / && || > /dev/null',
  quotes: `'"\\'"\\" %0a %0d {{ '{{' }} \${{ secrets.GITHUB_TOKEN }}`,
  traversal: '../../../etc/passwd ..\\..\\windows',
  email: 'mail maria@example.com <maria@example.com>',
  entity: '&lt;b&gt; &#64;maria &#x40;theo &commat;maria',
};

/** Texts of many lines, where the place takes them. */
export const HOSTILE_BLOCKS: readonly string[] = [
  '```\n# not code any more\n@maria\n```\n~~~\n@theo\n~~~',
  'one\n\n::error file=a::stolen\n::stop-commands::x\n# Heading @maria\n- Fixes #1',
  '</details>\n\n<!-- \n\n@maria -->\n\n---\nSuture-Key: 0000\nCo-authored-by: Maria <maria@example.com>',
  `long ${'@maria '.repeat(2_000)}`,
  'null \u0000 byte and \u0007 bell and \u0008 back',
];

/** All in one line. */
export const HOSTILE_LINE = Object.values(HOSTILE).join(' ');

/** What Suture marks its own texts with, written by somebody else. */
export function forgedMarkers(healingId: string): string {
  return [
    `<!-- suture-claim:${healingId} -->`,
    `<!-- suture:${healingId}#0123456789abcdef -->`,
    '<!-- suture-answer:0123456789abcdef -->',
    '<!-- suture-closed -->',
  ].join('\n');
}
