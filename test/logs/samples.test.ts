import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jobAround } from '../../bench/job-log.ts';
import { LogDigest } from '../../src/domain/log-digest.schema.ts';
import { diagnose } from '../../src/domain/policy/diagnose.ts';
import { digestLog } from '../../src/logs/index.ts';
import { factsOf } from './incident.ts';
import { SAMPLES } from './samples.ts';

const digestOf = ({ text, paths = [], command }: (typeof SAMPLES)[number]) =>
  digestLog({ text, paths, ...(command === undefined ? {} : { command }) });

describe('sample logs', () => {
  it.each(SAMPLES.map((sample) => [sample.name, sample.class, sample] as const))(
    '%s at the end of a whole job points to the class %s',
    (_name, kind, sample) => {
      const { red, green } = jobAround(sample.text);
      const digest = digestOf({ ...sample, text: red });
      const compared = digestLog({ text: red, green, paths: [], ...(sample.command === undefined ? {} : { command: sample.command }) });
      for (const each of [digest, compared]) {
        expect(diagnose(factsOf({ digest: each, ...(sample.command === undefined ? {} : { run: sample.command }) })).class).toBe(kind);
        expect(each.keptBytes).toBeLessThan(each.bytes / 3);
      }
    },
  );

  it('of jobs that go well complain of nothing', () => {
    const { green } = jobAround('');
    expect(digestLog({ text: green, paths: [] })).toMatchObject({ complaints: [], frames: [] });
  });

  it('are all listed', () => {
    const files = readdirSync(new URL('samples', import.meta.url)).map((name) => name.replace(/\.txt$/, ''));
    expect(SAMPLES.map(({ name }) => name).sort()).toEqual(files.sort());
    expect(SAMPLES.length).toBeGreaterThanOrEqual(60);
  });

  it.each(SAMPLES.map((sample) => [sample.name, sample] as const))('%s is read as its tool means it', (_name, sample) => {
    const digest = digestOf(sample);
    expect(LogDigest.parse(digest)).toEqual(digest);
    const { tool, rule, path, line } = sample;
    expect(digest.complaints).toContainEqual(
      expect.objectContaining({
        tool,
        ...(rule === undefined ? {} : { rule }),
        ...(path === undefined ? {} : { path }),
        ...(line === undefined ? {} : { line }),
      }),
    );
  });

  it.each(SAMPLES.map((sample) => [sample.name, sample.class, sample] as const))(
    '%s alone points to the class %s',
    (_name, kind, sample) => {
      expect(diagnose(factsOf({ digest: digestOf(sample), ...(sample.command === undefined ? {} : { run: sample.command }) })).class).toBe(
        kind,
      );
    },
  );
});
