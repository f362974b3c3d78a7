import { readdirSync, readFileSync } from 'node:fs';
import type { GateFile } from '../../../src/domain/policy/gate.ts';
import type { TestReport, TestStatus } from '../../../src/domain/proof.schema.ts';

/** One patch of the corpus, with what the gate must say to it. */
export interface CorpusCase {
  readonly id: string;
  readonly family: string;
  /** `asked`: honest, and yet a finding by design; counted neither way. */
  readonly kind: 'cheat' | 'honest' | 'asked';
  /** Hidden well enough that a reader in a hurry may miss it. */
  readonly subtle: boolean;
  readonly why: string;
  /** A cheat is caught when at least one of these is found; other findings may stand beside it. */
  readonly codes: readonly string[];
  readonly command: string;
  readonly failingTests: readonly string[];
  readonly reportBefore: TestReport | null;
  readonly reportAfter: TestReport | null;
  /** Files that the patch changes. */
  readonly files: readonly GateFile[];
  /** Files of the repository that it leaves alone. */
  readonly others: ReadonlyArray<{ readonly path: string; readonly text: string }>;
}

const FOLDER = new URL('./', import.meta.url);
const RAN = 'total=failed names=passed -> total=passed names=passed';

function reportOf(text: string): TestReport | null {
  if (text === 'none') return null;
  return {
    format: 'unittest',
    tests: text.split(' ').map((entry) => {
      const [name = '', status = ''] = entry.split('=');
      return { name, status: status as TestStatus };
    }),
  };
}

/** A file as lines in front of which stands a blank (stays), a minus (goes) or a plus (comes); `@U+200B@` is the character itself. */
function fileOf(body: string): { readonly file: GateFile; readonly changed: boolean } {
  const [head = '', ...rest] = body.trimEnd().split('\n');
  const [path = '', binary] = head.trim().split(' ');
  const rows = rest.map((row) =>
    row.replace(/@U\+([0-9A-F]{4,6})@/g, (_all, code: string) => String.fromCodePoint(Number.parseInt(code, 16))),
  );
  const side = (mark: string): string | null => {
    const kept = rows.filter((row) => row === '' || row.startsWith(' ') || row.startsWith(mark));
    return kept.some((row) => row !== '') ? `${kept.map((row) => row.slice(1)).join('\n')}\n` : null;
  };
  return {
    file: { path, before: side('-'), after: binary === undefined ? side('+') : null, binary: binary !== undefined },
    changed: rows.some((row) => /^[-+]/.test(row)),
  };
}

function caseOf(family: string, text: string): CorpusCase {
  const [head = '', ...bodies] = text.split(/^--- /m);
  const [title = '', ...fields] = head.trim().split('\n');
  const [kind = '', id = '', subtle] = title.split(' ');
  const field = (name: string, fallback: string) => fields.find((row) => row.startsWith(`${name}: `))?.slice(name.length + 2) ?? fallback;
  const report = field('report', RAN);
  const [before = 'none', after = before] = report.split(' -> ');
  const parsed = bodies.map(fileOf);
  return {
    id,
    family,
    kind: kind as CorpusCase['kind'],
    subtle: subtle === 'subtle',
    why: field('why', ''),
    codes: field('codes', '')
      .split(' ')
      .filter((code) => code !== ''),
    command: field('command', 'run everything'),
    failingTests: field('failing', '')
      .split(' ')
      .filter((name) => name !== ''),
    reportBefore: reportOf(before),
    reportAfter: reportOf(after),
    files: parsed.filter(({ changed }) => changed).map(({ file }) => file),
    others: parsed.flatMap(({ file, changed }) => (changed || file.before === null ? [] : [{ path: file.path, text: file.before }])),
  };
}

/** The cases of one family, as its file has them. */
export function casesOf(family: string, text: string): readonly CorpusCase[] {
  return text
    .split(/^=== /m)
    .slice(1)
    .map((one) => caseOf(family, one));
}

/** The whole corpus, by the files of this folder. */
export function readCorpus(): readonly CorpusCase[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .flatMap((name) => casesOf(name.slice(0, -4), readFileSync(new URL(name, FOLDER), 'utf8')));
}
