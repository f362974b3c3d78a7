import type { Recipe } from '../contract.ts';

const ABC =
  'AsyncGenerator|AsyncIterable|AsyncIterator|Awaitable|ByteString|Callable|Collection|Container|Coroutine|Generator|Hashable|ItemsView|Iterable|Iterator|KeysView|Mapping|MappingView|MutableMapping|MutableSequence|MutableSet|Reversible|Sequence|Set|Sized|ValuesView';

/** Names that Python and its packages took away. */
export const python: readonly Recipe[] = [
  {
    id: 'python-collections-abc',
    does: '`collections.Mapping` and its like to `collections.abc` (gone since Python 3.10)',
    language: 'python',
    says: new RegExp(`cannot import name '(?:${ABC})' from 'collections'|module 'collections' has no attribute '(?:${ABC})'`),
    rewrites: [
      {
        find: new RegExp(`^([ \\t]*)from collections import ((?:${ABC})(?:, *(?:${ABC}))*)[ \\t]*$`, 'm'),
        by: '$1from collections.abc import $2',
      },
      { find: new RegExp(`\\bcollections\\.(${ABC})\\b`), by: 'collections.abc.$1' },
      {
        find: /^import collections[ \t]*$/m,
        by: 'import collections\nimport collections.abc',
        then: true,
        unless: /^import collections\.abc\b/m,
      },
    ],
  },
  {
    id: 'python-numpy-aliases',
    does: "`np.float`, `np.int` and the other aliases of Python's own types to those (gone since NumPy 1.24)",
    language: 'python',
    says: /module 'numpy' has no attribute '(?:float|int|bool|object|str|complex|long|unicode)'/,
    rewrites: [
      { find: /\b(?:np|numpy)\.(float|int|bool|object|str|complex)\b/, by: '$1' },
      { find: /\b(?:np|numpy)\.long\b/, by: 'int' },
      { find: /\b(?:np|numpy)\.unicode\b/, by: 'str' },
    ],
  },
  {
    id: 'python-base64-string',
    does: '`base64.encodestring` and `decodestring` to `encodebytes` and `decodebytes` (gone since Python 3.9)',
    language: 'python',
    says: /module 'base64' has no attribute '(?:en|de)codestring'/,
    rewrites: [{ find: /\bbase64\.(en|de)codestring\b/, by: 'base64.$1codebytes' }],
  },
  {
    id: 'python-time-clock',
    does: '`time.clock` to `time.perf_counter` (gone since Python 3.8)',
    language: 'python',
    says: /module 'time' has no attribute 'clock'/,
    rewrites: [{ find: /\btime\.clock\(\)/, by: 'time.perf_counter()' }],
  },
  {
    id: 'python-thread-is-alive',
    does: '`isAlive` of threads to `is_alive` (gone since Python 3.9)',
    language: 'python',
    says: /'\w*(?:Thread|Timer)\w*' object has no attribute 'isAlive'/,
    rewrites: [{ find: /\.isAlive\(\)/, by: '.is_alive()' }],
  },
  {
    id: 'python-configparser',
    does: '`SafeConfigParser` to `ConfigParser`, and `readfp` to `read_file` (gone since Python 3.12)',
    language: 'python',
    says: /'?SafeConfigParser'?(?: from 'configparser')?|'(?:Raw|Safe)?ConfigParser' object has no attribute 'readfp'/,
    rewrites: [
      { find: /\bSafeConfigParser\b/, by: 'ConfigParser' },
      { find: /\.readfp\(/, by: '.read_file(' },
    ],
  },
  {
    id: 'python-array-bytes',
    does: '`tostring` and `fromstring` of arrays to `tobytes` and `frombytes` (gone since Python 3.9)',
    language: 'python',
    says: /'(?:array\.array|numpy\.ndarray)' object has no attribute '(?:to|from)string'/,
    rewrites: [{ find: /\.(to|from)string\(/, by: '.$1bytes(' }],
  },
  {
    id: 'python-logger-warn',
    does: '`warn` of loggers to `warning` (deprecated since Python 3.3)',
    language: 'python',
    says: /'Logger' object has no attribute 'warn'|module 'logging' has no attribute 'warn'|The 'warn' (?:method|function) is deprecated, use 'warning'/,
    rewrites: [{ find: /\b(logging|logger|log|_logger|LOGGER|LOG|self\.logger|self\.log)\.warn\(/, by: '$1.warning(' }],
  },
];
