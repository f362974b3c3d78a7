import type { GateFinding } from '../../proof.schema.ts';
import { hashComments, withoutComment } from './comments.ts';
import { addedLines, type GateFile, removedLines } from './lines.ts';

/** What catches everything, and the name it gives to what it caught. */
const CATCHES: readonly RegExp[] = [
  /^(?:\}\s*)?except(?:\s+\(?(?:Base)?Exception\)?(?:\s+as\s+(\w+))?)?\s*:$/,
  /\bcatch\s*(?:\(\s*(?:(?:final\s+)?(?:Throwable|Exception|RuntimeException|\\Throwable|\\Exception|Error)\s+)?(\$?\w+)?(?:\s*:\s*(?:unknown|any|Throwable|Exception))?\s*\)\s*)?\{$/,
  /^rescue(?:\s+(?:StandardError|Exception))?(?:\s*=>\s*(\w+))?$/,
  /^if\s+(?:[^{};]*;\s*)?(err)\s*!=\s*nil\s*\{$/,
  /\bif\s+(r|rec)\s*:=\s*recover\(\);/,
];
const SAYS_SO =
  /^(?:raise|throw)\b|\b(?:raise|throw|reject|rethrow|panic!?|abort|fail|Fatal\w*|sys\.exit|process\.exit|os\.Exit|System\.exit)\b\s*\(?\s*(?!0\s*\))|\bprocess\.exitCode\s*=\s*[1-9]|\bnext\s*\(|\braise$|\bErr\(/;
const GIVES_BACK = /^return\b|^(?:None|nil|null|0|false|true|\[\]|\{\}|""|'')$/;
const LOOKS_AT = (name: string) =>
  new RegExp(
    `\\b${name}\\s+instanceof\\b|isinstance\\(\\s*${name}\\b|\\b${name}\\??\\.(?:code|name|status\\w*|kind|errno|getSQLState|getCause)\\b|\\berrors\\.(?:Is|As)\\(`,
  );

/** A promise whose failure is answered with nothing, on one line. */
const PROMISE =
  /^(.*?)\.catch\(\s*(?:\(\s*\w*\s*\)|\w+)\s*=>\s*(?:\{\s*\}|null|undefined|void 0|-?\d+|false|true|''|""|\[\]|\(\{\}\))\s*\)/;
/** What is asked whether a failure is handled, and what runs last. */
const ENDS_WELL = /\bdef\s+__a?exit__\s*\(/;
const FINALLY = /\bfinally\s*[:{]$|^ensure$/;
const CALL = /([\w$]+)\s*[!?]?\(/g;

function calls(text: string): readonly string[] {
  return [...text.matchAll(CALL)]
    .map((match) => match[1] ?? '')
    .filter((name) => !/^(?:if|for|while|switch|catch|return|await|function)$/.test(name));
}

/** Whether one of the rows between what opens the guarded block and what catches is remarkable. */
function guards(rows: readonly string[], remarkable: readonly boolean[], at: number): boolean {
  const own = (rows[at] ?? '').search(/\S/);
  for (let row = at - 1; row >= 0 && row > at - 60; row -= 1) {
    if (remarkable[row] === true) return true;
    const text = rows[row] ?? '';
    if (text.search(/\S/) <= own && /\b(?:try|begin|def|do)\b/.test(text)) return false;
  }
  return false;
}

function bodyOf(rows: readonly string[], at: number, indented: boolean): readonly string[] {
  const body: string[] = [];
  const own = (rows[at] ?? '').search(/\S/);
  let depth = 1;
  for (const raw of rows.slice(at + 1, at + 60)) {
    const text = raw.trim();
    if (text === '') continue;
    if (indented) {
      if (raw.search(/\S/) <= own) break;
    } else {
      depth += (text.match(/\{/g)?.length ?? 0) - (text.match(/\}/g)?.length ?? 0);
      if (depth <= 0) break;
    }
    body.push(text);
  }
  return body;
}

/** Added blocks that catch everything and go on as if nothing had happened. */
export function swallowedFindings(file: GateFile): readonly GateFinding[] {
  const rows = (file.after ?? '').split('\n');
  const findings: GateFinding[] = [];
  const indented = hashComments(file.path);
  const added = addedLines(file);
  const fresh = new Set(added.map(({ text }) => text));
  const removed = new Set(removedLines(file).flatMap(calls));
  // What is caught counts when it went uncaught before: a new call may have its own ways.
  const stoodBefore = rows.map((row) => calls(row).some((name) => removed.has(name) || !fresh.has(row.trim())));
  for (const { line, text } of added) {
    if (ENDS_WELL.test(text.slice(0, 500)) && /^return\s+(?:True|true)\b/.test((rows[line] ?? '').trim()))
      findings.push({ code: 'exception-swallowed', path: file.path, line, detail: 'what fails inside is taken for handled' });
    if (FINALLY.test(text.slice(0, 500)) && /^(?:return|break|continue)\b/.test((rows[line] ?? '').trim()))
      findings.push({ code: 'exception-swallowed', path: file.path, line, detail: 'a jump out of what runs last drops the failure' });
    const promise = PROMISE.exec(text.slice(0, 1000));
    if (promise !== null && file.before !== null && calls(promise[1] ?? '').some((name) => removed.has(name)))
      findings.push({ code: 'exception-swallowed', path: file.path, line, detail: 'a call that may fail is answered with nothing' });
    const code = withoutComment(file.path, text);
    const caught = CATCHES.map((pattern) => pattern.exec(code)).find((match) => match !== null);
    if (!caught || (!/\berr\b|recover/.test(code) && !guards(rows, stoodBefore, line - 1))) continue;
    const name = caught[1];
    const body = bodyOf(rows, line - 1, indented)
      .map((row) => withoutComment(file.path, row))
      .filter((row) => row !== '');
    if (body.some((row) => SAYS_SO.test(row))) continue;
    const used = name !== undefined && body.some((row) => new RegExp(`(?<![\\w.])${name.replace('$', '\\$')}\\b`).test(row));
    // Go hands an error back as a value.
    if (name === 'err' && body.some((row) => /\breturn\b.*\berr(?:ors)?\b|\bfmt\.Errorf\b/.test(row))) continue;
    if (name === 'err' && !body.some((row) => /^return\b/.test(row)) && body.length > 0) continue;
    if (
      used &&
      name !== undefined &&
      (body.some((row) => LOOKS_AT(name).test(row)) || !body.some((row) => GIVES_BACK.test(row) && !row.includes(name)))
    )
      continue;
    findings.push({
      code: 'exception-swallowed',
      path: file.path,
      line,
      detail: 'whatever fails here is caught and goes on as if it had not',
    });
  }
  return findings;
}
