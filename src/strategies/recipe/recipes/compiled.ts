import type { Recipe } from '../contract.ts';

/** Names that Go, Java, Rust and Ruby took away, or warn about. */
export const compiled: readonly Recipe[] = [
  {
    id: 'go-ioutil',
    does: '`ioutil` to `io` and `os`, where the new function is the same (deprecated since Go 1.16)',
    language: 'go',
    says: /"?io\/ioutil"? (?:is|has been) deprecated|SA1019: .{0,40}ioutil/,
    rewrites: [
      { find: /\bioutil\.(ReadAll|NopCloser|Discard)\b/, by: 'io.$1' },
      { find: /\bioutil\.(ReadFile|WriteFile)\b/, by: 'os.$1' },
      { find: /\bioutil\.TempDir\b/, by: 'os.MkdirTemp' },
      { find: /\bioutil\.TempFile\b/, by: 'os.CreateTemp' },
    ],
    goImport: { from: 'io/ioutil', used: 'ioutil', by: ['io', 'os'] },
  },
  {
    id: 'java-boxed-constructors',
    does: '`new Integer(…)` and its like to `Integer.valueOf(…)` (deprecated for removal since Java 9)',
    language: 'java',
    says: /(?:Integer|Long|Double|Float|Short|Byte|Boolean|Character)\([\w.]+\) in (?:java\.lang\.)?\w+ has been deprecated/,
    rewrites: [{ find: /\bnew (Integer|Long|Double|Float|Short|Byte|Boolean|Character)\(/, by: '$1.valueOf(' }],
  },
  {
    id: 'java-jakarta',
    does: '`javax.persistence`, `servlet`, `validation`, `annotation`, `transaction` and `ws.rs` to `jakarta` (Jakarta EE 9)',
    language: 'java',
    says: /package javax\.(?:persistence|servlet|validation|annotation|transaction|ws\.rs)(?:\.[\w.]+)? does not exist/,
    rewrites: [
      { find: /\bjavax\.(persistence|servlet|validation|ws\.rs)\b/, by: 'jakarta.$1' },
      { find: /\bjavax\.annotation\.(PostConstruct|PreDestroy|Resource|Priority|Generated|security)\b/, by: 'jakarta.annotation.$1' },
      // The rest of javax.transaction is still Java's own.
      { find: /\bjavax\.transaction\.(?!xa\b)/, by: 'jakarta.transaction.' },
    ],
  },
  {
    id: 'rust-once-init',
    does: '`ONCE_INIT` to `Once::new()`, and `ATOMIC_…_INIT` to `Atomic…::new(…)`',
    language: 'rust',
    says: /use of deprecated (?:constant|static|item).{0,60}(?:ONCE_INIT|ATOMIC_\w+_INIT)/,
    rewrites: [
      { find: /=\s*(?:std::sync::)?ONCE_INIT\b/, by: '= std::sync::Once::new()' },
      { find: /=\s*(?:std::sync::atomic::)?ATOMIC_BOOL_INIT\b/, by: '= std::sync::atomic::AtomicBool::new(false)' },
      { find: /=\s*(?:std::sync::atomic::)?ATOMIC_USIZE_INIT\b/, by: '= std::sync::atomic::AtomicUsize::new(0)' },
    ],
  },
  {
    id: 'rust-trim',
    does: '`trim_left` and `trim_right` to `trim_start` and `trim_end` (deprecated since Rust 1.33)',
    language: 'rust',
    says: /use of deprecated method.{0,60}trim_(?:left|right)/,
    rewrites: [
      { find: /\.trim_left(_matches)?\(/, by: '.trim_start$1(' },
      { find: /\.trim_right(_matches)?\(/, by: '.trim_end$1(' },
    ],
  },
  {
    id: 'ruby-exists',
    does: '`File.exists?` and `Dir.exists?` to `exist?` (gone since Ruby 3.2)',
    language: 'ruby',
    says: /undefined method [`'‘]exists\?['’] for (?:class )?(?:File|Dir)\b/,
    rewrites: [{ find: /\b(File|Dir)\.exists\?/, by: '$1.exist?' }],
  },
  {
    id: 'ruby-fixnum',
    does: '`Fixnum` and `Bignum` to `Integer` (gone since Ruby 3.2)',
    language: 'ruby',
    says: /uninitialized constant (?:\w+::)*(?:Fixnum|Bignum)/,
    rewrites: [{ find: /\b(?:Fixnum|Bignum)\b/, by: 'Integer' }],
  },
];
