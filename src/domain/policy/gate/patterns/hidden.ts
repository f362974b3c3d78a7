import type { AddedPattern } from './added-pattern.ts';

/** Latin letters next to letters of another alphabet that look the same. */
const LOOKALIKE = 'АВЕЅІЈКМНОРСТУХаеорсухіѕјһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοѵ\uff21-\uff3a\uff41-\uff5a';

/** What a reader cannot see, and secrets. */
export const HIDDEN: readonly AddedPattern[] = [
  {
    code: 'secret-added',
    where: 'any',
    comments: true,
    pattern:
      /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9_]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bsk-[A-Za-z0-9_-]{20,}|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/,
    detail: 'a secret is added',
  },
  {
    code: 'hidden-text',
    where: 'any',
    comments: true,
    // U+200D between two pictures is how one emoji is written.
    pattern:
      /[\u00ad\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\u3164\uffa0]|(?<!\p{Extended_Pictographic}\ufe0f?|[\u{1f3fb}-\u{1f3ff}])\u200d|.\ufeff|[\u{e0000}-\u{e007f}]/u,
    detail: 'an invisible or direction-changing character is added',
  },
  {
    code: 'hidden-text',
    where: 'any',
    comments: true,
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    pattern: /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/,
    detail: 'a control character is added',
  },
  {
    code: 'hidden-text',
    where: 'any',
    comments: true,
    pattern: new RegExp(`[A-Za-z0-9_][${LOOKALIKE}]|[${LOOKALIKE}][A-Za-z0-9_]`, 'u'),
    detail: 'a letter that looks like another one is added',
  },
  {
    code: 'hidden-text',
    where: 'program',
    pattern:
      /\b(?:exec|eval|Function|instance_eval|class_eval|runInThisContext)\s*\([^\n]{0,120}(?:b64decode|base64|atob|fromhex|fromCharCode|decompress|unhexlify|rot13)/,
    detail: 'code is hidden in an encoding',
  },
];
