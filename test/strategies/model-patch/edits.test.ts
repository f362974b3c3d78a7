import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../src/strategies/model-patch/apply.ts';
import { type Edit, parseEdits } from '../../../src/strategies/model-patch/edits.ts';

const block = (search: string, replace: string): string => `<<<<<<< SEARCH\n${search}\n=======\n${replace}\n>>>>>>> REPLACE`;
const edit = (path: string, search: readonly string[], replace: readonly string[]): Edit => ({ kind: 'replace', path, search, replace });

describe('blocks of edits', () => {
  it.each([
    ['bare', 'src/a.py'],
    ['in backticks', '`src/a.py`'],
    ['bold', '**src/a.py**'],
    ['as a heading', '### src/a.py'],
    ['after a word', 'File: `src/a.py`'],
    ['from here', './src/a.py'],
    ['with a colon', 'src/a.py:'],
  ])('takes the path %s', (_, above) => {
    expect(parseEdits(`Here it is.\n\n${above}\n${block('a', 'b')}\nDone.`)).toEqual([edit('src/a.py', ['a'], ['b'])]);
  });

  it('passes over code fences and prose, and keeps the path for the next block', () => {
    const text = `Sure!\n\nsrc/a.py\n\`\`\`python\n${block('a', 'b')}\n\`\`\`\n\`\`\`python\n${block('c', '')}\n\`\`\``;
    expect(parseEdits(text)).toEqual([edit('src/a.py', ['a'], ['b']), edit('src/a.py', ['c'], [''])]);
  });

  it('takes a whole file, and a code fence around it away', () => {
    expect(parseEdits('a.py\n<<<<<<< WHOLE\n```python\nx = 1\n```\n>>>>>>> WHOLE')).toEqual([
      { kind: 'whole', path: 'a.py', lines: ['x = 1'] },
    ]);
  });

  it.each([
    ['nothing', '', 'no-blocks'],
    ['prose', 'I would change the factor to 3.', 'no-blocks'],
    ['a diff', '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b', 'no-blocks'],
    ['no path', block('a', 'b'), 'unreadable-blocks'],
    ['no divider', 'a.py\n<<<<<<< SEARCH\na\n>>>>>>> REPLACE', 'unreadable-blocks'],
    ['no end', 'a.py\n<<<<<<< SEARCH\na\n=======\nb', 'unreadable-blocks'],
    ['a block in a block', `a.py\n<<<<<<< SEARCH\n${block('a', 'b')}`, 'unreadable-blocks'],
    ['an end alone', 'a.py\n>>>>>>> REPLACE', 'unreadable-blocks'],
    ['too many', `a.py\n${`${block('a', 'b')}\n`.repeat(61)}`, 'too-large'],
  ])('says what is wrong with %s', (_, text, code) => {
    expect(parseEdits(text)).toMatchObject({ code });
  });

  it('reads any text without an exception', () => {
    const piece = fc.oneof(
      fc.constantFrom('<<<<<<< SEARCH', '=======', '>>>>>>> REPLACE', '<<<<<<< WHOLE', '>>>>>>> WHOLE', '```', 'src/a.py', ''),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.constantFrom('\n', '\r\n', '\r'), (pieces, end) => {
        const parsed = parseEdits(pieces.join(end));
        expect('code' in parsed || parsed.length > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('applying edits', () => {
  const files = [
    { path: 'a.py', text: 'one\ntwo\none\nthree\n' },
    { path: 'w.py', text: 'one\r\ntwo\r\n' },
  ];

  it('replaces a passage that stands once', () => {
    expect(applyEdits([edit('a.py', ['two', 'one'], ['TWO'])], files, 1_000)).toEqual({
      files: [{ path: 'a.py', text: 'one\nTWO\nthree\n' }],
    });
  });

  it('keeps the line ends of the file', () => {
    expect(applyEdits([edit('w.py', ['two'], ['2', '3'])], files, 1_000)).toEqual({ files: [{ path: 'w.py', text: 'one\r\n2\r\n3\r\n' }] });
  });

  it('looks for the second passage in what the first made', () => {
    const edits = [edit('a.py', ['two'], ['four']), edit('a.py', ['four'], ['five'])];
    expect(applyEdits(edits, files, 1_000)).toEqual({ files: [{ path: 'a.py', text: 'one\nfive\none\nthree\n' }] });
  });

  it('ends a whole file as it ended before', () => {
    expect(applyEdits([{ kind: 'whole', path: 'a.py', lines: ['x'] }], files, 1_000)).toEqual({ files: [{ path: 'a.py', text: 'x\n' }] });
  });

  it.each<[string, Edit[], string]>([
    ['is not there', [edit('a.py', ['four'], [''])], 'search-not-found'],
    ['stands twice', [edit('a.py', ['one'], [''])], 'search-ambiguous'],
    ['is half a line', [edit('a.py', ['thre'], [''])], 'search-not-found'],
    ['is empty', [edit('a.py', [''], ['x'])], 'empty-search'],
    ['is of another file', [edit('b.py', ['one'], ['x'])], 'path-not-offered'],
    ['is above the repository', [edit('../a.py', ['one'], ['x'])], 'path-not-offered'],
    ['stays as it is', [edit('a.py', ['two'], ['two'])], 'no-change'],
    ['turns the direction of writing', [edit('a.py', ['two'], ['two \u202e'])], 'hidden-characters'],
    ['writes what was left out', [edit('a.py', ['two'], ['key = [redacted]'])], 'gap-written'],
    ['writes a gap', [{ kind: 'whole', path: 'a.py', lines: ['one', '[3 lines are left out here]'] }], 'gap-written'],
    ['is large', [edit('a.py', ['two'], ['x'.repeat(2_000)])], 'too-large'],
  ])('refuses a passage that %s, and then changes nothing', (_, edits, code) => {
    expect(applyEdits([edit('a.py', ['three'], ['3']), ...edits].slice(code === 'no-change' ? 1 : 0), files, 1_000)).toMatchObject({
      code,
    });
  });

  it('refuses a whole file in the place of a long one', () => {
    const long = [{ path: 'a.py', text: 'x\n'.repeat(301) }];
    expect(applyEdits([{ kind: 'whole', path: 'a.py', lines: ['x'] }], long, 10_000)).toMatchObject({ code: 'file-too-long' });
  });

  it('refuses a file whose lines end in different ways', () => {
    expect(applyEdits([edit('a.py', ['b'], ['c'])], [{ path: 'a.py', text: 'a\r\nb\nc' }], 1_000)).toMatchObject({
      code: 'mixed-line-ends',
    });
  });

  it('never matches twice, never writes another file, and changes nothing but the passage', () => {
    const line = fc.constantFrom('a', 'b', 'c', '', '  a');
    const lines = fc.array(line, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lines, lines, lines, fc.constantFrom('x.py', 'y.py', '../x.py'), (text, search, replace, path) => {
        const given = [{ path: 'x.py', text: text.join('\n') }];
        const applied = applyEdits([edit(path, search, replace)], given, 100_000);
        const times = text.filter((_, at) => search.every((wanted, offset) => text[at + offset] === wanted)).length;
        if ('code' in applied) return;
        expect(path).toBe('x.py');
        expect(times).toBe(1);
        const at = text.findIndex((_, from) => search.every((wanted, offset) => text[from + offset] === wanted));
        expect(applied.files).toEqual([
          { path: 'x.py', text: [...text.slice(0, at), ...replace, ...text.slice(at + search.length)].join('\n') },
        ]);
      }),
      { numRuns: 1_000 },
    );
  });
});
