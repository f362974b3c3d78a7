import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeMarkdown, escapePlain, fenced, inlineCode, visibleText } from '../../src/lib/escape.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must be gone
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('text from outside', () => {
  it.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['links of a terminal', 'a\u001b]8;;https://evil.example\u0007b\u001b]8;;\u0007c', 'abc'],
    ['writing to the clipboard', 'x\u001b]52;c;ZXZpbA==\u001b\\y', 'xy'],
    ['one-byte controls', 'a\u009b2Jb', 'ab'],
    ['carriage returns', 'real\rfake', 'real\nfake'],
    ['turned direction', 'abc\u202edef', 'abc[U+202E]def'],
    ['zero-width characters', 'pass\u200bword', 'pass[U+200B]word'],
    ['invisible tags', 'a\u{e0041}b', 'a[U+E0041]b'],
  ])('loses %s', (_name, text, clean) => {
    expect(visibleText(text)).toBe(clean);
  });

  it('cannot hide the rest of a log behind a sequence that is never closed', () => {
    expect(visibleText('a\u001b]0;title\nthe failure')).toBe('a\nthe failure');
  });

  it('never keeps a control character, in any form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const clean of [escapePlain(text), escapeMarkdown(text), fenced(text), inlineCode(text)]) {
          expect(clean).not.toMatch(FORBIDDEN);
        }
      }),
    );
  });
});

describe('markdown', () => {
  it.each([
    ['a mention', 'ping @octocat', /@octocat/],
    ['a team mention', 'ping @acme/admins', /@acme/],
    ['a closing keyword', 'fixes #12', /#12/],
    ['a closing keyword for another repository', 'closes acme/shop#12', /#12/],
    ['a closing keyword with a link', 'resolves https://github.com/acme/shop/issues/1', /:\/\//],
    ['a GH- number', 'fixes GH-12', /GH\\?-12/],
    ['a bare link', 'go to www.evil.example', /www\\?\./],
    ['an HTML comment', '<!-- suture:other -->', /<!--/],
    ['an HTML element', '<img src=x onerror=alert(1)>', /<img/],
    ['a link', '[click](https://evil.example)', /(?<!\\)\]\(/],
    ['a picture', '![x](y)', /(?<!\\)!\[/],
    ['a heading', '# big', /^#/],
    ['a list', '- item', /^-/],
    ['code', 'a `b` c', /(?<!\\)`/],
    ['a table cell', 'a | b', /(?<!\\)\|/],
    ['a workflow command', '::set-output name=x::y', /::/],
  ])('cannot carry %s', (_name, text, found) => {
    expect(text).toMatch(new RegExp(found.source.replace('\\\\?', '').replace('(?<!\\\\)', '')));
    expect(escapeMarkdown(text)).not.toMatch(found);
  });

  it('stays on one line', () => {
    expect(escapeMarkdown('a\n\n# b\r\n- c')).not.toContain('\n');
  });

  it('leaves plain words as they are', () => {
    expect(escapeMarkdown('the login test fails')).toBe('the login test fails');
  });
});

describe('a block of code', () => {
  it('cannot be closed from inside', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('`', '```', '````\n', 'text', '\n')), (parts) => {
        const [first = '', ...rest] = fenced(parts.join(''), 'text').split('\n');
        const fence = /^`+/.exec(first)?.[0] ?? '';
        expect(rest.slice(0, -1).some((line) => line.includes(fence))).toBe(false);
        expect(rest.at(-1)).toBe(fence);
      }),
    );
  });

  it('drops a language that is no plain word', () => {
    expect(fenced('x', 'js onload')).toBe('```\nx\n```');
  });

  it('does not let a line start a workflow command', () => {
    expect(fenced('::error::x')).not.toContain('::error');
  });
});

describe('plain text', () => {
  it.each([
    ['@octocat', '@octocat'],
    ['fixes #1', '#1'],
    ['closes https://github.com/a/b/issues/1', '://'],
    ['GH-7', 'GH-7'],
    ['::warning::x', '::warning'],
    ['<!channel> hi', '<!channel'],
    ['<@U123>', '<@U123'],
  ])('neutralises %s', (text, gone) => {
    expect(escapePlain(text)).not.toContain(gone);
  });
});

describe('inline code', () => {
  it.each(['a', '`', '``x`', ''])('holds %j between longer ticks', (text) => {
    const code = inlineCode(text);
    const ticks = /^`+/.exec(code)?.[0] ?? '';
    expect(code.slice(ticks.length, -ticks.length)).not.toContain(ticks);
  });
});

describe('ordinary sentences in markdown', () => {
  it('keep their colons', () => {
    expect(escapeMarkdown('cause: config at 10:30')).toBe('cause: config at 10:30');
  });
});
