import { joined } from './windows.ts';

/** Values that say "special-cased" when all of them stand in a test and none in the rest of the program. */
export interface Candidate {
  readonly values: readonly string[];
  readonly numeric: boolean;
  /** Compared without blanks: a list or an object as it is written. */
  readonly squeezed?: true;
}

const LITERAL = /(['"`])([^'"`\n]{1,80})\1/g;
const CONDITION = /(?:^|[^.\w])(?:if|elif|elsif|unless|while|case|when|match|switch|in)\b|\?|&&|\|\||^return\b|=\s*\(?\w+\s*[=!]==?/;
/** What stands in front of a literal that is compared, or behind it. */
const COMPARED_BEFORE =
  /(?:[=!]==?|=~|\b(?:eq|is|case|when|in|or|and|not))\s*\(?\s*[\w.]{0,10}(?:\(|\[|\{)?\s*$|\b(?:starts?_?with\??|ends?_?with\??|startsWith|endsWith|startswith|endswith|equals|equalsIgnoreCase|eql\?|includes|contains|Contains|HasPrefix|HasSuffix|EqualFold|has|test|match|matches|fullmatch|search|compare|localeCompare|indexOf|strcmp|Equal)\s*\(?\s*(?:[\w.]+\s*,\s*|r)?$/i;
const COMPARED_AFTER = /^\s*(?:[=!]==?|=>|->|\.equals)/;
/** Where the key of a table starts. */
const KEY_BEFORE = /(?:^|[{[(,])\s*$/;
const KEY = /^\s*(?:\]?\s*:\s*(?!:)|=>|,\s*['"`\d])/;
const TABLE =
  /^(?:[-\w$.:<>\s,]*(?::?=|=>|:)\s*)?(?:new\s+\w+\s*\(|\w+\.of\s*\(|frozenset\(|\[\]\w+|map\[\w+\]\w+|vec!|&?\[|hash\w*\()?\s*[[({]?\s*[[({]?\s*['"`\d]/i;
const COMMON = new Set(
  'fulfilled|rejected|string|number|object|function|undefined|boolean|symbol|bigint|get|post|put|patch|delete|head|options|utf8|utf-8|ascii|base64|hex|latin1|__main__|production|true|false|null|none|yes|no|error|default|linux|darwin|win32|windows|http|https|json|text'.split(
    '|',
  ),
);
const PLAIN = new Set(
  '126 127 128 130 137 139 143 100 101 200 201 202 204 206 301 302 303 304 307 308 400 401 403 404 405 406 408 409 410 412 413 415 418 422 425 426 428 429 431 451 500 501 502 503 504 365 366 360 255 256 512 1000 1024 2048 4096 65535 65536 3600 86400 10000 100000 1000000'.split(
    ' ',
  ),
);
const LENGTH = /(?:\blen\([^()]*\)|\.(?:length|size|count)(?:\(\))?)\s*$/;
/** A value that is known by its length and by single letters. */
const BY_SHAPE =
  /(?:\blen\(|\.(?:length|size)\b)[^\n]{0,40}={2,3}\s*\d+[^\n]{0,40}(?:\[\s*-?\d+\s*\]|charAt\(\d+\)|charCodeAt\(\d+\))\s*={2,3}/;
const LITERAL_ANSWER = /\breturn\s+(?:-?\d|['"`])/;
const NUMBER = /(?<![\w.#$])-?\d+(?:\.\d+)?(?![\w.])/g;
const EQUALS =
  /(?:[=!]==?|\beq\b)\s*(-?\d+(?:\.\d+)?)(?![\w.])|(?<![\w.%*+/-]\s{0,3})(?<![\w.])(-?\d+(?:\.\d+)?)\s*[=!]==?|\bcase\s+(-?\d+)\b|^when\s+(-?\d+)\b|^(-?\d+)\s*=>|\.equals\((-?\d+)/g;
const RETURNS = /\breturn\s+(?:\w+\()?['"`]?-?[\w.]+|\b(?:then|=>|\?|->)\s*['"`]?-?\d|^(?:return|=>)\s+['"`]|:\s*-?\d+(?:\.\d+)?[,;]?$/;
const REGEX =
  /(?:=~\s*|\(\s*|\bif\s+|&&\s*|\|\|\s*)\/((?:[^/\\\n]|\\.){3,60})\/|\bre\.\w+\(\s*r?(['"])((?:(?!\2).){3,60})\2|\bRegex(?:p\.MustCompile|::new)?\(\s*r?["`]([^"`]{3,60})["`]/gi;
const HASHES = /\b(?:sha\d+|md5|crc32|adler32|sha1|blake2\w*|hashlib|createHash|hexdigest|digest|hashCode|fnv\w*|checksum|Sum256|hash)\b/i;
const DIGEST = /['"`][0-9a-f]{8,128}['"`]/i;
const DECODES = /(?:\batob|b64decode|fromhex|unhexlify|decode64|DecodeString|Buffer\.from|from_base64)\s*\(\s*b?['"`]([\w+/=]{4,})['"`]/i;
const CODES = /(?:fromCharCode|fromCodePoint|bytes\(\[|String\.valueOf\(new char)[^)]{5,}|(?:\bchr\(\d+\)[\s+.]*){3,}/;

/** A whole list, tuple or object that something is compared with, and that is answered at once. */
const COLLECTION =
  /(?:[=!]==?|\beq\b|\bequals\(|\bis\b)\s*\(?((?:\[[^[\]\n]{1,120}\]|\{[^{}\n]{1,120}\}|\([^()\n]{1,120},[^()\n]{0,120}\)))/g;

/** The same, recognised by how it is written down. */
const WRITTEN =
  /\b(?:stringify|dumps|repr|str|inspect|Sprint\w*|toString|to_s|to_json)\([^()\n]{0,60}\)\s*[=!]==?\s*['"`]([[{(][^\n]{1,120}[\]})])['"`]/g;

function collections(line: string, next: string): Candidate[] {
  if (!CONDITION.test(line) || !(RETURNS.test(line) || RETURNS.test(next))) return [];
  const found = [COLLECTION, WRITTEN].flatMap((pattern) => [...line.matchAll(pattern)].map((match) => squeeze(match[1] ?? '')));
  return found.filter((text) => /\w/.test(text)).map((text) => ({ values: [text], numeric: false, squeezed: true }));
}

/** A text without blanks and quotes: what is left of a list however it is written. */
export function squeeze(text: string): string {
  return text.toLowerCase().replace(/[\s"'`\\]+/g, '');
}

/** The marker of what is a special case whatever the tests say. */
export const ALWAYS = '\u0000always';

function numbersIn(text: string): readonly string[] {
  return text.match(NUMBER) ?? [];
}

function big(value: string): boolean {
  return !PLAIN.has(value) && (value.includes('.') ? value.length > 3 : value.replace('-', '').length >= 3);
}

/** Texts: compared with, keys of a table, or members of a list. */
function texts(line: string, next: string): Candidate[] {
  const candidates: Candidate[] = [];
  const table: string[] = [];
  let plain = false;
  const condition = CONDITION.test(line);
  const answered = RETURNS.test(line) || RETURNS.test(next);
  for (const match of line.matchAll(LITERAL)) {
    const value = (match[2] ?? '').toLowerCase();
    // What is put together, or only ends lines, is no value.
    if (value.includes('${') || value.replace(/\\[nrt0]/g, '').trim().length < 2) continue;
    const front = line.slice(Math.max(0, match.index - 60), match.index);
    const behind = line.slice(match.index + match[0].length, match.index + match[0].length + 12);
    const compared = COMPARED_BEFORE.test(front) || COMPARED_AFTER.test(behind) || /\bin\s*[[({][^\])}]*$/.test(front);
    if ((condition && compared) || COMPARED_AFTER.test(behind)) {
      const short = answered ? 2 : 4;
      if (value.length >= short && !COMMON.has(value) && !/^e[a-z]{4,}$/.test(value)) {
        candidates.push({ values: [value], numeric: false });
        candidates.push({ values: [[...value].reverse().join('')], numeric: false });
      }
    } else if ((KEY.test(behind) && KEY_BEFORE.test(front)) || /[[({,]\s*$/.test(front)) {
      if (/^[\w./-]*$/.test(value) && !/\d/.test(value) && value.length < 10) plain = true;
      if (value.length >= 4) table.push(value);
    }
  }
  if (
    table.length > 0 &&
    !plain &&
    (TABLE.test(line) || /\}\s*(?:\.get\(|\[)/.test(line)) &&
    !/\b(?:log|print|throw|raise|console|error|import|require|export)\b/i.test(line)
  )
    candidates.push({ values: table, numeric: false });
  return candidates;
}

/** Numbers: compared with and answered at once, or in a table. */
function figures(line: string, next: string): Candidate[] {
  // How long something is says little about what it is.
  const equal = [...line.matchAll(EQUALS)]
    .filter((match) => !LENGTH.test(line.slice(Math.max(0, match.index - 60), match.index)))
    .flatMap((match) => match.slice(1).filter((value) => value !== undefined));
  const candidates: Candidate[] = [];
  if (equal.length > 0 && (CONDITION.test(line) || /=>|\bcase\b|\bwhen\b/.test(line))) {
    for (const value of equal.filter(big)) candidates.push({ values: [value], numeric: true });
    const answer = RETURNS.exec(line)?.[0] ?? (/^(?:return\b|=>)/.test(next) ? next : undefined);
    const small = equal.filter((value) => !PLAIN.has(value) && Math.abs(Number(value)) >= 10);
    if (answer !== undefined) for (const value of small) candidates.push({ values: [value], numeric: true });
    const plain = equal.every((value) => Math.abs(Number(value)) <= 2);
    const out = numbersIn(answer ?? '').filter((value) => !['0', '1', '-1', '2'].includes(value));
    if (out.length > 0 && !(plain && out.every((value) => !big(value)))) candidates.push({ values: [...equal, ...out], numeric: true });
    if (answer !== undefined && equal.length > 1 && !plain) candidates.push({ values: equal, numeric: true });
  }
  const keys = [...line.matchAll(/(?<![\w.])(-?\d+(?:\.\d+)?)\s*(?::(?!:)|=>)\s*['"`\w-]/g)].map((match) => match[1] ?? '');
  const members = TABLE.test(line) && !/^[\w$]+\s*:/.test(line) && /[[({]/.test(line) ? numbersIn(line) : [];
  for (const list of [keys, members]) {
    const tall = list.filter(big);
    if (tall.length > 0 && tall.length >= list.length / 2 && (list === keys || tall.length > 1))
      candidates.push({ values: tall, numeric: true });
  }
  const returned = /^return\s+(-?\d+(?:\.\d+)?)\s*;?\s*$/.exec(line)?.[1];
  if (returned !== undefined && big(returned)) candidates.push({ values: [returned], numeric: true });
  return candidates;
}

/** What one line of code (and the next one) compares with, or lists. */
export function candidatesIn(code: string, next: string, previous: string): readonly Candidate[] {
  if (code === '') return [];
  const line = joined(code).slice(0, 2000);
  const candidates = [...texts(line, next), ...figures(line, next), ...collections(line, next)];
  for (const match of line.matchAll(REGEX)) {
    const plain = (match[1] ?? match[3] ?? match[4] ?? '')
      .replace(/\\[bBAzZ]|[\^$]|\(\?[i:]+\)?/g, '')
      .replace(/\\(.)/g, '$1')
      .toLowerCase();
    if (plain.length >= 4 && !/[[\]()*+?{}|]/.test(plain)) candidates.push({ values: [plain], numeric: false });
  }
  const around = `${previous} ${line}`;
  if (
    DIGEST.test(line) &&
    HASHES.test(around) &&
    (CONDITION.test(line) || /[[{(,:]/.test(line)) &&
    /==|\bin\b|\.has\(|includes\(|\.get\(|:\s|=>|equals/.test(line)
  )
    candidates.push({ values: [ALWAYS], numeric: true });
  if (/\b(?:if|elif|when|case|return|\?)\b/.test(line) && HASHES.test(line) && /===?\s*-?(?:0x[0-9a-f]{6,}|\d{6,})/i.test(line))
    candidates.push({ values: [ALWAYS], numeric: true });
  if (BY_SHAPE.test(line) && (LITERAL_ANSWER.test(line) || LITERAL_ANSWER.test(next))) candidates.push({ values: [ALWAYS], numeric: true });
  if ((DECODES.test(line) || CODES.test(line)) && CONDITION.test(line)) candidates.push({ values: [ALWAYS], numeric: true });
  return candidates;
}
