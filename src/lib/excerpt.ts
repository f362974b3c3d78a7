const encoder = new TextEncoder();

/** Index at or after `from` at which a UTF-8 character starts. */
function nextStart(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) {
    at += 1;
  }
  return at;
}

/** Index at or before `to` at which a UTF-8 character starts. */
function previousStart(bytes: Uint8Array, to: number): number {
  let at = to;
  while (at > 0 && at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) {
    at -= 1;
  }
  return at;
}

/** At most the last `maxBytes` bytes of a text, cut between characters. */
export function tail(text: string, maxBytes: number): string {
  const bytes = encoder.encode(text);
  return bytes.length <= maxBytes ? text : new TextDecoder().decode(bytes.subarray(nextStart(bytes, bytes.length - maxBytes)));
}

/** At most the first `maxBytes` bytes of a text, cut between characters. */
export function head(text: string, maxBytes: number): string {
  const bytes = encoder.encode(text);
  return bytes.length <= maxBytes ? text : new TextDecoder().decode(bytes.subarray(0, previousStart(bytes, maxBytes)));
}

/** A text of at most `maxBytes` bytes that keeps head and tail (a third and two thirds: failures are told last) and says how much is missing. */
export function excerpt(text: string, maxBytes: number): string {
  const size = encoder.encode(text).length;
  if (size <= maxBytes) {
    return text;
  }
  const mark = `\n[… ${size} bytes in all, the middle is left out …]\n`;
  const room = maxBytes - encoder.encode(mark).length;
  if (room <= 0) {
    return tail(text, maxBytes);
  }
  const first = Math.floor(room / 3);
  return `${head(text, first)}${mark}${tail(text, room - first)}`;
}

/** A text on one line of at most `maxChars` UTF-16 units, never cut inside a character; control characters become blanks. */
export function oneLine(text: string, maxChars: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  if (flat.length <= maxChars) {
    return flat;
  }
  const cut = flat.slice(0, Math.max(0, maxChars - 1));
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** The first of these texts that fit into `maxChars` together. */
export function within(texts: readonly string[], maxChars: number): string[] {
  let left = maxChars;
  return texts.filter((text) => {
    left -= text.length;
    return left >= 0;
  });
}
