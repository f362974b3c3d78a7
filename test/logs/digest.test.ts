import { describe, expect, it } from 'vitest';
import { LogDigest } from '../../src/domain/log-digest.schema.ts';
import { digestLog } from '../../src/logs/index.ts';

const noise = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, at) => `2026-05-01T10:20:${String(at % 60).padStart(2, '0')}Z fetched part ${from + at} of /srv/cache/${at} in ${at}ms`,
  );
const join = (...parts: ReadonlyArray<string | readonly string[]>) => `${parts.flat().join('\n')}\n`;
const kept = (digest: LogDigest) => digest.excerpts.map(({ text }) => text).join('\n');

describe('a digest of a log', () => {
  it('says how long the log was, and how much is left', () => {
    const text = join(noise(0, 3000), 'Error: no route for ü', noise(3000, 6000));
    const digest = digestLog({ text, paths: [] });
    expect(digest).toMatchObject({ bytes: Buffer.byteLength(text), lines: 6001, compared: false });
    expect(digest.keptBytes).toBe(digest.excerpts.reduce((sum, { text: each }) => sum + Buffer.byteLength(each), 0));
    expect(digest.keptBytes).toBeLessThan(digest.bytes / 50);
    expect(LogDigest.parse(digest)).toEqual(digest);
  });

  it('keeps an error with the lines round it and where it stood', () => {
    const digest = digestLog({
      text: join(noise(0, 500), 'opening the store', 'Error: the store is locked', 'by process 12', noise(500, 1000)),
      paths: [],
    });
    const found = digest.excerpts.find(({ why }) => why === 'error');
    expect(found?.text).toContain('opening the store\nError: the store is locked\nby process 12');
    expect(found?.from).toBe(500);
  });

  it('keeps what the last green run did not print, and not what it printed with other numbers', () => {
    const green = join(noise(0, 100), 'warning: error rate 0.01 is high', 'listening on 4000');
    const text = join(noise(7, 300), 'warning: error rate 0.09 is high', 'the cache was thrown away', 'listening on 4001', noise(300, 400));
    const digest = digestLog({ text, green, paths: [] });
    expect(digest.compared).toBe(true);
    const news = digest.excerpts.filter(({ why }) => why === 'new');
    expect(news.map((each) => each.text)).toEqual(['the cache was thrown away']);
  });

  it('reads no complaint out of lines that were there when it was green', () => {
    const line = 'src/old.ts(3,1): error TS2322: known and allowed';
    expect(
      digestLog({ text: join(line, 'src/new.ts(4,1): error TS2345: new'), green: join(line), paths: [] }).complaints.map(
        ({ path }) => path,
      ),
    ).toEqual(['src/new.ts']);
  });

  it('says once what stands there a thousand times', () => {
    const again = Array.from({ length: 1000 }, (_, at) => `connection ${at} was refused after ${at * 3}ms`);
    const digest = digestLog({ text: join(noise(0, 50), again, noise(50, 200)), paths: [] });
    expect(digest.excerpts.filter(({ why }) => why === 'error').map(({ times }) => times)).toEqual([1000]);
  });

  it('takes a count of failures for news where it was none before', () => {
    const digest = digestLog({
      text: join('12 passed, 0 failed', noise(0, 60), '9 passed, 3 failed', noise(60, 120)),
      green: join('12 passed, 0 failed', noise(0, 9)),
      paths: [],
    });
    expect(digest.excerpts.filter(({ why }) => why === 'new').map(({ text }) => text.includes('3 failed'))).toEqual([true]);
  });

  it('keeps the lines of the step that failed, not of those that tidy up', () => {
    const at = '2026-05-01T10:20:30.1234567Z ';
    const text = join(
      [
        ...noise(0, 100),
        '##[group]Run npm ci',
        'npm ci',
        '##[endgroup]',
        'added 212 packages',
        '##[group]Run ./check',
        './check',
        '##[endgroup]',
        'step says so',
      ].map((line) => at + line),
      `${at}##[error]Process completed with exit code 1.`,
      noise(0, 60).map((line) => at + line),
      `${at}##[group]Run ./tidy`,
      noise(0, 60).map((line) => at + line),
    );
    const digest = digestLog({ text, paths: [] });
    expect(kept(digest)).toContain('step says so');
    expect(kept(digest)).not.toContain('added 212 packages');
    expect(kept(digest)).not.toContain('2026-05-01T10:20:30.1234567Z');
  });

  it('shows of a line that was written over and over its last state alone', () => {
    const bar = Array.from({ length: 50 }, (_, at) => `\u001b[2K[${'='.repeat(at)}>${' '.repeat(50 - at)}] ${at * 2}%`).join('\r');
    const digest = digestLog({ text: `${bar}\rinstalled with 1 error\r\nnext\n`, paths: [] });
    expect(kept(digest)).toBe('installed with 1 error\nnext');
  });

  it('shows no terminal sequence and no hidden character', () => {
    expect(kept(digestLog({ text: '\u001b[31mError:\u001b[0m \u202efdp.exe\u0007\n', paths: [] }))).toBe('Error: [U+202E]fdp.exe');
  });

  it('stays within its limits when all lines are errors of their own', () => {
    const words = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
    const word = (at: number) => [0, 3, 6, 9, 12].map((bits) => words[(at >> bits) & 7]).join('-');
    const text = join(Array.from({ length: 20_000 }, (_, at) => `Error ${word(at)}: ${'x y '.repeat(60)}`));
    const digest = digestLog({ text, paths: [] });
    expect(LogDigest.parse(digest)).toEqual(digest);
    expect(digest.keptBytes).toBeLessThanOrEqual(24_000);
    expect(digest.excerpts.length).toBeLessThanOrEqual(60);
    // The first and the last tell most.
    expect(kept(digest)).toContain(word(0));
    expect(kept(digest)).toContain(word(19_999));
  });

  it('is the same for a log in pieces, wherever they are cut', () => {
    const text = join(noise(0, 40), '##[group]Run x', 'Error: é is gone', '    at go (/workspace/src/a.ts:3:1)', noise(40, 60));
    const whole = digestLog({ text, paths: [] });
    for (const size of [1, 7, 64, 1000]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
      expect(digestLog({ text: pieces, paths: [] })).toEqual(whole);
    }
  });

  it('of nothing is nothing', () => {
    expect(digestLog({ text: '', paths: [] })).toEqual({
      bytes: 0,
      keptBytes: 0,
      lines: 0,
      compared: false,
      excerpts: [],
      complaints: [],
      frames: [],
    });
  });
});
