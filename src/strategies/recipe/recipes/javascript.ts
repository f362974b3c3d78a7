import type { Recipe } from '../contract.ts';

/** Names that Node and its tools took away, or warn about. */
export const javascript: readonly Recipe[] = [
  {
    id: 'node-new-buffer',
    does: '`new Buffer(…)` to `Buffer.from(…)`, or `Buffer.alloc(…)` for a number',
    language: 'javascript',
    says: /DEP0005|Buffer\(\) is deprecated|'?new Buffer(?:\(\))?'? (?:was|is|has been) deprecated|no-(?:deprecated-api|buffer-constructor|new-buffer)/,
    rewrites: [
      { find: /\bnew Buffer\((?=\s*\d+\s*\))/, by: 'Buffer.alloc(' },
      { find: /\bnew Buffer\(/, by: 'Buffer.from(' },
    ],
  },
  {
    id: 'node-import-attributes',
    does: "`assert { type: 'json' }` of imports to `with { type: 'json' }` (gone since Node 22)",
    language: 'javascript',
    says: /Unexpected identifier '?assert'?|import assertions? (?:are|is|have been)|TS2880|Import assertions have been replaced/i,
    rewrites: [{ find: /\bassert(?=\s*\{\s*type\s*:[^}\n]{0,40}\})/, by: 'with' }],
  },
  {
    id: 'node-util-is-array',
    does: '`util.isArray` to `Array.isArray` (gone since Node 23)',
    language: 'javascript',
    says: /util\d?\.isArray is not a function|DEP0044|(?:property|member) 'isArray' does not exist on type .{0,40}util/i,
    rewrites: [{ find: /\butil\.isArray\(/, by: 'Array.isArray(' }],
  },
  {
    id: 'js-substr-to-end',
    does: '`substr(n)` to `slice(n)`, which is the same with one argument',
    language: 'javascript',
    says: /prefer-string-slice|'?substr'?(?:\(.*?\))? is deprecated|'substr' is deprecated/,
    rewrites: [{ find: /\.substr\((\s*-?\w+\s*)\)/, by: '.slice($1)' }],
  },
  {
    id: 'react-sfc',
    does: '`React.SFC` and `React.StatelessComponent` to `React.FC` (gone from the types of React 18)',
    language: 'javascript',
    says: /has no exported member(?: named)? '?(?:SFC|StatelessComponent)'?/,
    rewrites: [{ find: /\bReact\.(?:SFC|StatelessComponent)\b/, by: 'React.FC' }],
  },
];
