import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, MIN_SECRET_LENGTH, REDACTED } from '../../src/lib/redact.ts';

const secret = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
  .filter(
    (text) =>
      [...text].length >= MIN_SECRET_LENGTH &&
      text.trim() === text &&
      text.isWellFormed() &&
      !REDACTED.includes(text) &&
      new Set(text).size > 3,
  );
// Each run compiles regular expressions for a new secret, so there are few of them.
const RUNS = { numRuns: 25 };
const around = fc.string({ maxLength: 30 });

function keeps(text: string, value: string): boolean {
  return text.includes(value);
}

describe('a secret that we hold', () => {
  it('does not survive as it is', () => {
    fc.assert(
      fc.property(secret, around, around, (value, before, after) => {
        expect(keeps(createRedactor([value])(`${before}${value}${after}`), value)).toBe(false);
      }),
      RUNS,
    );
  });

  it('does not survive in base64, whatever stands before it', () => {
    fc.assert(
      fc.property(secret, fc.integer({ min: 0, max: 5 }), fc.constantFrom('base64', 'base64url'), (value, shift, encoding) => {
        const encoded = Buffer.from(`${'x'.repeat(shift)}${value}`).toString(encoding as BufferEncoding);
        const clean = createRedactor([value])(`data: ${encoded} end`);
        expect(clean).toContain(REDACTED);
        for (const word of clean.split(/[^A-Za-z0-9+/=_-]+/)) {
          expect(Buffer.from(word, 'base64').toString('utf8')).not.toContain(value);
        }
      }),
      RUNS,
    );
  });

  it('does not survive percent-encoded, in either case', () => {
    fc.assert(
      fc.property(secret, fc.boolean(), (value, lower) => {
        const encoded = encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (hex) => (lower ? hex.toLowerCase() : hex));
        expect(createRedactor([value])(`?q=${encoded}&x`)).toBe(`?q=${REDACTED}&x`);
      }),
      RUNS,
    );
  });

  it('does not survive in hex, plain or with separators', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom('', ' ', ':'), fc.boolean(), (value, separator, upper) => {
        const hex = [...Buffer.from(value)].map((byte) => byte.toString(16).padStart(2, '0')).join(separator);
        expect(createRedactor([value])(`<${upper ? hex.toUpperCase() : hex}>`)).toBe(`<${REDACTED}>`);
      }),
      RUNS,
    );
  });

  it('does not survive as a JSON string, also with every character escaped', () => {
    fc.assert(
      fc.property(secret, (value) => {
        const clean = createRedactor([value])(JSON.stringify({ value }));
        expect(clean).toBe(JSON.stringify({ value: REDACTED }));
        const escaped = Array.from({ length: value.length }, (_, at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
          '',
        );
        expect(createRedactor([value])(escaped)).toBe(REDACTED);
      }),
      RUNS,
    );
  });

  it('does not survive when it is split over lines', () => {
    fc.assert(
      fc.property(
        secret,
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('\n', '\r\n', '\n  '),
        (value, cuts, lineBreak) => {
          const characters = [...value];
          const split = characters
            .map((character, at) =>
              at > 0 && cuts.some((cut) => (cut % (characters.length - 1)) + 1 === at) ? `${lineBreak}${character}` : character,
            )
            .join('');
          expect(createRedactor([value])(`[${split}]`)).toBe(`[${REDACTED}]`);
        },
      ),
      RUNS,
    );
  });

  it('does not survive in base64 that is wrapped', () => {
    const value = 'correct horse battery staple';
    const wrapped = Buffer.from(`prefix ${value} suffix`)
      .toString('base64')
      .replace(/(.{10})/g, '$1\n');
    const clean = createRedactor([value])(wrapped);
    expect(Buffer.from(clean.replaceAll('\n', ''), 'base64').toString()).not.toContain('horse');
  });

  it('goes line by line when it has several', () => {
    const value = 'first line of the secret\nsecond line of the secret';
    expect(createRedactor([value])('only the second line of the secret')).toBe(`only the ${REDACTED}`);
  });

  it('is left alone when it is so short that ordinary words would go', () => {
    expect(createRedactor(['', 'abc'])('abc of reading')).toBe('abc of reading');
  });
});

describe('what looks like a token', () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${'eyJzdWIiOiIxMjM0NTY3ODkwIn0'}.${'dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'}`;
  const cases: ReadonlyArray<readonly [name: string, text: string, gone: string]> = [
    ['a GitHub token', `token ghp_${'a1B2'.repeat(9)} end`, 'a1B2a1B2'],
    ['a GitHub app token with a JSON web token inside', `x ghs_123456_${jwt} y`, 'dozjgNry'],
    ['a fine-grained GitHub token', `github_pat_${'A1b2C3'.repeat(10)}`, 'A1b2C3'],
    ['an AWS key id', 'id AKIAIOSFODNN7EXAMPLE.', 'IOSFODNN7'],
    ['an AWS secret', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalrXUtn'],
    ['a Slack token', `xoxb-${'1234567890'}-abcdefghij`, 'abcdefghij'],
    ['a Slack webhook', 'https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXX', 'XXXXXXXX'],
    ['an npm token', `npm_${'aB3'.repeat(12)}`, 'aB3aB3'],
    ['the auth of an .npmrc', '//registry.example/:_authToken=s3cr3t-value', 's3cr3t-value'],
    ['an OpenAI key', `sk-proj-${'abcDEF123'.repeat(5)}`, 'abcDEF123'],
    ['an Anthropic key', `sk-ant-api03-${'abcDEF123'.repeat(5)}`, 'abcDEF123'],
    ['a Datadog key with its label', `DD-API-KEY: ${'0123456789abcdef'.repeat(2)}`, '0123456789abcdef'],
    ['a Datadog application key with its label', `datadog_app_key="${'0123456789'.repeat(4)}"`, '0123456789'],
    ['a JSON web token', `cookie=${jwt};`, 'dozjgNry'],
    ['a bearer header', 'Authorization: Bearer abc.def-ghi_jkl', 'abc.def'],
    ['basic auth', 'authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['a Google key', `AIza${'Sy'.repeat(17)}x`, 'SySySy'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----', 'MIIEpAIBAAKCAQEA'],
    ['a private key that is cut off', '-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc', 'MIIEpAIBAAKCAQEA'],
    ['a URL with credentials', 'clone https://bob:hunter2hunter2@example.org/r.git', 'hunter2'],
    ['a database URL', 'postgres://app:pa55w0rd@db.internal:5432/app', 'pa55w0rd'],
    ['a variable that says it is secret', 'MY_API_TOKEN=abcdef123456', 'abcdef123456'],
  ];

  it.each(cases)('goes: %s', (_name, text, gone) => {
    const clean = createRedactor([])(text);
    expect(clean).toContain(REDACTED);
    expect(clean).not.toContain(gone);
  });

  it('leaves hosts and users of URLs, so that people see where it went', () => {
    expect(createRedactor([])('postgres://app:pa55w0rd@db.internal:5432/app')).toBe(`postgres://${REDACTED}@db.internal:5432/app`);
  });

  it.each([
    'AssertionError: expected 15.2 to equal 0 at test/login.test.js:12:3',
    'commit 0123456789abcdef0123456789abcdef01234567',
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'test_token_validation ... FAIL',
    'see https://example.org/a/b?c=d#e',
  ])('leaves ordinary text: %s', (text) => {
    expect(createRedactor(['another secret'])(text)).toBe(text);
  });
});
