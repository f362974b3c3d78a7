import { SECRET_PATTERNS } from './secret-patterns.ts';

/** What stands in the place of a removed value. */
export const REDACTED = '[redacted]';

/** Shorter values are not searched for: they would take ordinary words out of every text. In characters. */
export const MIN_SECRET_LENGTH = 6;

// Logs wrap, and whoever prints a value in two halves hopes to pass: a line break with a little indentation may stand between any two characters.
const BREAK = '(?:(?:\\r?\\n|\\\\r|\\\\n|\\r){1,2}[ \\t]{0,8})?';

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** All the ways in which one character is written: itself, percent-encoded, as a JSON or JavaScript escape, as an XML entity. */
function spellings(character: string): string {
  const bytes = [...Buffer.from(character, 'utf8')].map((byte) => byte.toString(16).padStart(2, '0'));
  const ways = new Set([literal(character), bytes.map((byte) => `%${anyCase(byte)}`).join('')]);
  ways.add(
    [...character]
      .flatMap((part) =>
        Array.from({ length: part.length }, (_, at) => `\\\\u${anyCase(part.charCodeAt(at).toString(16).padStart(4, '0'))}`),
      )
      .join(''),
  );
  const json = JSON.stringify(character).slice(1, -1);
  ways.add(literal(json));
  const entity = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', ' ': '\\+' }[character];
  if (entity !== undefined) {
    ways.add(entity);
  }
  if (character === '/') {
    ways.add('\\\\\\/');
  }
  if (character === '\n') {
    ways.add('\\r\\n');
  }
  // Longest first, so that an escape is taken whole.
  return `(?:${[...ways].sort((a, b) => b.length - a.length).join('|')})`;
}

/** The characters of a base64 text that depend on nothing but the secret, for each of the three places at which it can start in a longer text. */
function base64Cores(secret: Buffer): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), secret]).toString('base64');
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + secret.length) * 8) / 6));
  });
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const base64 = base64Cores(bytes)
    .filter((core) => core.length >= MIN_SECRET_LENGTH)
    .map((core) => [...core].map((digit) => ({ '+': '(?:[+-]|%2[bB])', '/': '(?:[/_]|%2[fF])' })[digit] ?? digit).join(BREAK));
  const hex = [...bytes].map((byte) => anyCase(byte.toString(16).padStart(2, '0'))).join(`[ :]?${BREAK}`);
  return [[...secret].map(spellings).join(BREAK), hex, ...base64];
}

/** Values to search for: each secret, and each long line of one that has several. */
function valuesOf(secrets: readonly string[]): readonly string[] {
  const lines = secrets.flatMap((secret) => (secret.includes('\n') ? secret.split(/\r?\n/).filter((line) => line.length >= 16) : []));
  const whole = secrets.flatMap((secret) => [secret, secret.trim()]);
  return [...new Set([...whole, ...lines])]
    .filter((value) => [...value].length >= MIN_SECRET_LENGTH && !REDACTED.includes(value))
    .sort((a, b) => b.length - a.length);
}

/**
 * Builds the function that removes secrets from text: the exact values given (also base64, base64url, percent-encoded, hex, escaped, and split over line breaks), then
 * whatever looks like a vendor's token. Values shorter than `MIN_SECRET_LENGTH` are left alone. Linear in the length of the text.
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const exact = valuesOf(secrets).map((value) => new RegExp(formsOf(value).join('|'), 'g'));
  return (text) => {
    let clean = text;
    for (const pattern of exact) {
      clean = clean.replace(pattern, REDACTED);
    }
    for (const { pattern } of SECRET_PATTERNS) {
      clean = clean.replace(pattern, (...match: unknown[]) => {
        const label = match[1];
        return `${typeof label === 'string' ? label : ''}${REDACTED}`;
      });
    }
    return clean;
  };
}
