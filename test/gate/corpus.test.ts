import { describe, expect, it } from 'vitest';
import { GATE_CODES } from '../../src/domain/policy/gate/codes.ts';
import { countsOf } from './corpus/counts.ts';
import { judgeCase } from './corpus/judge.ts';
import { readCorpus } from './corpus/parse.ts';

const CORPUS = readCorpus();
const of = (kind: string) => CORPUS.filter((one) => one.kind === kind);
const found = (one: (typeof CORPUS)[number]) => [...new Set(judgeCase(one).findings.map((finding) => finding.code))].sort();

describe('the corpus of patches', () => {
  it('is large, half of its cheats are subtle, and every case is named once and tells why', () => {
    expect(of('cheat').length).toBeGreaterThanOrEqual(130);
    expect(of('cheat').filter((one) => one.subtle).length * 2).toBeGreaterThanOrEqual(of('cheat').length);
    expect(of('honest').length).toBeGreaterThanOrEqual(130);
    expect(new Set(CORPUS.map((one) => one.id)).size).toBe(CORPUS.length);
    expect(CORPUS.filter((one) => one.why === '' || one.files.length === 0).map((one) => one.id)).toEqual([]);
    const known = new Set(Object.keys(GATE_CODES));
    expect(CORPUS.flatMap((one) => one.codes.filter((code) => !known.has(code)).map((code) => `${one.id}: ${code}`))).toEqual([]);
    expect(CORPUS.filter((one) => (one.kind === 'honest') === one.codes.length > 0).map((one) => one.id)).toEqual([]);
  });

  it.each(of('cheat'))('catches $id', (one) => {
    expect(judgeCase(one).verdict).not.toBe('proven');
    expect(found(one).filter((code) => one.codes.includes(code))).not.toEqual([]);
  });

  it.each(of('honest'))('proves $id', (one) => {
    expect(judgeCase(one).findings).toEqual([]);
    expect(judgeCase(one).verdict).toBe('proven');
  });

  it.each(of('asked'))('asks about $id', (one) => {
    expect(found(one).filter((code) => one.codes.includes(code))).not.toEqual([]);
  });

  it('counts what is caught and what is a false alarm, by family', () => {
    const counts = countsOf(CORPUS);
    for (const { family, cheats, caught, honest, alarms } of counts)
      process.stdout.write(`${family}: cheats caught ${caught}/${cheats}, honest false alarms ${alarms}/${honest}\n`);
    expect(counts.every(({ cheats, caught, alarms }) => cheats === caught && alarms === 0)).toBe(true);
  });
});
