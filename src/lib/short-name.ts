import { createHash } from 'node:crypto';

function digest(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** Outside text as part of a subject: lower-case letters, digits and `:._-`, at most `max` characters. What would lose its end, or everything, gets a hash of the whole text instead. */
export function slug(text: string, max: number): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9:._-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  if (plain !== '' && plain.length <= max) return plain;
  return `${plain.slice(0, max - 9)}-${digest(text, 8)}`.replace(/^-/, '');
}

/** A delivery id of parts from outside: readable when that is safe and short, else a hash, so that different deliveries never share one. */
export function deliveryId(source: string, parts: readonly string[]): string {
  const readable = [source, ...parts].join(':');
  return /^[\x20-\x7e]{1,150}$/.test(readable) ? readable : `${source}:sha256-${digest(JSON.stringify(parts), 40)}`;
}
