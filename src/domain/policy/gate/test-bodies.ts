import type { GateFinding } from '../../proof.schema.ts';
import { type Block, type BlockLine, blocksOf } from './blocks.ts';
import { addedLines, type GateFile } from './lines.ts';
import { scopesOf } from './scopes.ts';

/** A whole assertion that does nothing else. */
const ASSERTS =
  /^(?:(?:await\s+)?expect\w*\s*\(|(?:self\.|this\.|t\.|Assert\.|Assertions\.)?assert\w*!?[\s(.]|require\.\w+\(|refute\w*[\s(]|(?:t|self)\.(?:fail\w*|Error\w*|Fatal\w*)\()/;
const FLOW = /^(?:return|raise|throw|if|else|elif|for|while|with|try|except|catch|yield)\b/;
const IMPORT = /^(?:import|from|use|using|require|#include|const\s+[^=]+=\s*require\b)/;
/** What runs around every test, whoever wrote it. */
const HOOK =
  /^(?:before|after|around)(?:Each|All|_each|_all)?\s*(?:\(|do\b|:|\{)|^(?:vi|jest)\.(?:mock|doMock|setMock|unstable_mockModule|useFakeTimers|setSystemTime|spyOn|stubGlobal|stubEnv|replaceProperty)\s*\(|^(?:async\s+)?def\s+(?:setUp|tearDown|setUpClass|tearDownClass|setUpModule|setup_\w+|teardown_\w+|load_tests|pytest_\w+)\b|^@(?:pytest\.)?fixture\(.*autouse|^func\s+TestMain\b|^func\s+init\s*\(|^@(?:Before|After)(?:Each|All|Class)?\b|^(?:setup|teardown)\s*(?:do\b|\(\))|\b(?:RSpec|Minitest)\b.*\bconfig|^config\.(?:filter|before|after|around)|^(?:mock|unittest\.mock)\.patch|^patch\(|\bmonkeypatch\b|\bsinon\.(?:stub|replace|useFakeTimers)\b|^allow(?:_any_instance_of)?\(|^#\[ctor\b/;
const DEFINES =
  /^(?:export\s+)?(?:(?:async\s+)?def|class|(?:async\s+)?function\*?|func|(?:pub\s+)?fn|const|let|var|val)\s+(?:\([^)]*\)\s*)?([A-Za-z_$][\w$]*)/;
const ASSIGNS = /^([A-Za-z_$][\w$]*)((?:\.[\w$]+)*)\s*(?::=|=)(?![=>~])/;
const IMPORTED = /\b(?:import|as)\s+\{?\s*([\w$]+)/g;
/** Names of which every file has its own. */
const OWN: ReadonlySet<string> = new Set(['exports', 'module', 'self', 'this', 'it', 'test', 'describe']);
const BOUND = /([A-Za-z_$][\w$]*)[ \t]{0,9}(?:[(.,}\n]|as\b|$)/g;

function byName(blocks: readonly Block[]): Map<string, Block[]> {
  const named = new Map<string, Block[]>();
  for (const block of blocks) {
    const known = named.get(block.name);
    if (known) known.push(block);
    else named.set(block.name, [block]);
  }
  return named;
}

/** The first line that stands between what a test does already, or null. Lines after its end are new. */
function changedIn(before: Block, after: Block): { readonly line: number; readonly why: string } | null {
  const mark = after.marks.find((one) => !before.marks.some((known) => known.text === one.text));
  if (mark !== undefined && before.name !== '') return { line: mark.line, why: 'a mark is added to an existing test' };
  let at = 0;
  let between: BlockLine | undefined;
  for (const line of after.lines) {
    const known = before.lines[at];
    if (known === undefined) break;
    if (known.text !== line.text) {
      if (!ASSERTS.test(line.text)) between ??= line;
      continue;
    }
    at += 1;
    if (before.name === '') continue;
    if (between !== undefined) return { line: between.line, why: 'a line is added to what an existing test does' };
    if (line.depth !== known.depth && (ASSERTS.test(line.text) || FLOW.test(line.text)))
      return { line: line.line, why: 'what an existing test does stands behind another condition' };
  }
  if (before.name === '' || at === before.lines.length) return null;
  return { line: after.lines[0]?.line ?? 1, why: 'the lines of an existing test are in another order' };
}

/** Names that the added line defines anew for the file. */
function definedBy(text: string, outermost: boolean): readonly string[] {
  const defined = DEFINES.exec(text)?.[1];
  if (defined !== undefined) return outermost || /^(?:async\s+)?(?:def|class)\b/.test(text) ? [defined] : [];
  if (IMPORT.test(text)) {
    const names = [...text.matchAll(IMPORTED)].map((match) => match[1] ?? '');
    const list = /\bimport\s+(?:\{([^}]*)\}|\(?([\w\s,]+)\)?$)/.exec(text);
    return [
      ...names,
      ...(list?.[1] ?? list?.[2] ?? '').split(',').map(
        (name) =>
          name
            .trim()
            .split(/\s+as\s+/)
            .pop() ?? '',
      ),
    ];
  }
  const assigned = outermost ? ASSIGNS.exec(text) : null;
  return assigned === null ? [] : [assigned[1] ?? ''];
}

/** Whether an existing test still does what it did; what is only added beside it says nothing. */
export function bodyFindings(file: GateFile): readonly GateFinding[] {
  const { path, before, after } = file;
  if (before === null || after === null) return [];
  const findings: GateFinding[] = [];
  const say = (line: number, detail: string) => findings.push({ code: 'test-body-changed', path, line, detail });
  const now = byName(blocksOf(path, after));
  for (const [name, earlier] of byName(blocksOf(path, before))) {
    for (const [index, block] of earlier.entries()) {
      const same = now.get(name)?.[index];
      const changed = same === undefined ? null : changedIn(block, same);
      if (changed !== null) say(changed.line, changed.why);
    }
  }
  const added = addedLines(file);
  const scopes = scopesOf(after, new Set(added.map(({ line }) => line)));
  const bound = boundIn(before);
  const words = new Set(before.match(/[A-Za-z_$][\w$]*/g));
  for (const { line, text } of added) {
    const scope = scopes(line);
    if (scope.isNew) continue;
    if (HOOK.test(text)) say(line, 'something is put in front of every test, or in the place of what is tested');
    else if (/^(?:del\s|module\.exports\b)/.test(text) && scope.outermost) say(line, 'a name that existing tests use is taken away');
    else {
      const again = definedBy(text, scope.outermost).find((name) => name.length > 1 && words.has(name) && !OWN.has(name));
      if (again === undefined || (!scope.outermost && !scope.siblings(again)) || (IMPORT.test(text) && !bound.has(again))) continue;
      say(line, `${again.slice(0, 60)}, which existing tests use, is defined anew`);
    }
  }
  return findings;
}

/** Names that the file called, read from, or had from elsewhere: an import of more names from a module is an addition. */
function boundIn(before: string): ReadonlySet<string> {
  return new Set([...before.matchAll(BOUND)].map((match) => match[1] ?? ''));
}
