import type { Frame } from '../domain/log-digest.schema.ts';
import type { RepositoryPath } from './repository-path.ts';

const MAX_FRAMES = 40;
/** Frames that are looked at, before the ones in changed files are put first. */
const MAX_SEEN = 400;

/** Each gives path and line: Node and Vitest, Python, pytest, Go, Rust. */
const SHAPES: readonly RegExp[] = [
  /^\s+at (?:[^()]{1,300}\()?((?:file:\/\/)?[^\s():][^():]{0,400}\.[cm]?[jt]sx?):(\d{1,7}):\d{1,7}\)?$/,
  /^\s*❯ (?:[^\s/]{1,200} )?([^\s:]{1,400}\.[cm]?[jt]sx?):(\d{1,7}):\d{1,7}$/u,
  /^\s*File "([^"]{1,500})", line (\d{1,7})/,
  /^([^\s:]{1,400}\.py):(\d{1,7}): (?:[A-Z]\w{0,60}(?:Error|Exception|Exit)\b|in \w|$)/,
  /^([^\s:]{1,400}\.py):(\d{1,7}): ?$/,
  /^\t(\/?[^\s:]{1,500}\.go):(\d{1,7})(?: \+0x[0-9a-f]{1,16})?$/,
  /^\s{4,40}([^\s:]{1,400}_test\.go):(\d{1,7}): /,
  /^\s+at (\.{0,2}\/?[^\s:]{1,400}\.rs):(\d{1,7}):\d{1,7}$/,
  /panicked at (?:'.{0,400}', )?([^\s:']{1,400}\.rs):(\d{1,7}):\d{1,7}/,
];
const JAVA = /^\s+at (?:[\w.$@-]{1,100}\/{1,2}){0,3}([\w$.]{1,400})\.[\w$<>]{1,200}\((\w{1,200}\.(?:java|kt|scala)):(\d{1,7})\)$/;
const JAVA_FOREIGN = /^(?:java|javax|jdk|sun|com\.sun|org\.junit|org\.apache\.maven|org\.gradle|org\.testng|kotlin|scala)\./;

/** Collects the frames of stacks that lie in the repository. */
export class Frames {
  readonly #path: RepositoryPath;
  readonly #changed: ReadonlySet<string>;
  readonly #known: readonly string[];
  readonly #found = new Map<string, Frame>();

  constructor(input: { readonly paths: readonly string[]; readonly path: RepositoryPath }) {
    this.#path = input.path;
    this.#changed = new Set(input.paths);
    this.#known = input.paths;
  }

  /** Looks at a line. */
  line(text: string): void {
    if (this.#found.size >= MAX_SEEN || text.length > 600) return;
    for (const shape of SHAPES) {
      const [, raw, line] = shape.exec(text) ?? [];
      if (raw !== undefined) {
        if (!/^(?:node:|internal\/|<)/.test(raw)) this.#add(this.#path(raw), Number(line));
        return;
      }
    }
    const [, owner, file, line] = JAVA.exec(text) ?? [];
    if (owner !== undefined && file !== undefined && !JAVA_FOREIGN.test(owner)) this.#add(this.#javaPath(owner, file), Number(line));
  }

  /** Frames in files that changed first, then as they stood. */
  finish(): readonly Frame[] {
    const all = [...this.#found.values()];
    const changed = all.filter(({ path }) => this.#changed.has(path));
    return [...changed, ...all.filter((frame) => !changed.includes(frame))].slice(0, MAX_FRAMES);
  }

  #add(path: string | undefined, line: number): void {
    const key = `${path}:${line}`;
    if (path !== undefined && line > 0 && !this.#found.has(key)) this.#found.set(key, { path, line });
  }

  /** Java names packages, not folders: a changed file of that name, else where Maven and Gradle keep it. */
  #javaPath(owner: string, file: string): string | undefined {
    const folders = owner.split('.').slice(0, -1).join('/');
    const tail = folders === '' ? file : `${folders}/${file}`;
    const known = this.#known.find((path) => path === tail || path.endsWith(`/${tail}`));
    const [, ext = 'java'] = /\.(\w+)$/.exec(file) ?? [];
    const tree = /(?:Tests?|IT|Spec)\.\w+$/.test(file) ? 'test' : 'main';
    return this.#path(known ?? `src/${tree}/${ext === 'kt' ? 'kotlin' : ext}/${tail}`);
  }
}
