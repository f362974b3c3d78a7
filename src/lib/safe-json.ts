/** What came of reading outside JSON. */
export type JsonResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

/** Deeper nesting than this is refused: `JSON.stringify` overflows the stack long before `JSON.parse` does. */
const MAX_DEPTH = 64;

/** Nesting depth of a JSON text, strings skipped; linear and without recursion. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      if (++depth > MAX_DEPTH) return true;
    } else if (character === '}' || character === ']') depth--;
  }
  return false;
}

/** Parse JSON from outside: UTF-8, at most 64 levels deep, no `__proto__` or `constructor` keys. Never throws. */
export function parseOutsideJson(bytes: Uint8Array): JsonResult {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, reason: 'the body is not UTF-8' };
  }
  if (tooDeep(text)) return { ok: false, reason: `the body is nested deeper than ${MAX_DEPTH} levels` };
  let poisoned = false;
  try {
    const value: unknown = JSON.parse(text, (key, inner: unknown) => {
      if (key === '__proto__' || key === 'constructor') poisoned = true;
      return inner;
    });
    return poisoned ? { ok: false, reason: 'the body has a forbidden key' } : { ok: true, value };
  } catch {
    return { ok: false, reason: 'the body is not JSON' };
  }
}
