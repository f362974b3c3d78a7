import { describe, expect, it } from 'vitest';
import { newLines } from '../../src/cli/commands/logs.ts';

const work = (bytes: number, tail: string, job = 'run-1') => ({ activity: 'runCommand', attempt: 1, job, last: '', bytes, tail });

describe('what is new of a running command', () => {
  it('is what came since the last look', () => {
    expect(newLines(work(12, 'one\ntwo\nsix\n'), { job: 'run-1', bytes: 4 })).toEqual(['two', 'six']);
  });

  it('is everything of another job', () => {
    expect(newLines(work(4, 'one\n', 'run-2'), { job: 'run-1', bytes: 900 })).toEqual(['one']);
  });

  it('says how much did not fit', () => {
    expect(newLines(work(1000, 'end\n'), { job: 'run-1', bytes: 0 })).toEqual(['… 996 bytes are not shown', 'end']);
  });

  it('is nothing when nothing came', () => {
    expect(newLines(work(4, 'one\n'), { job: 'run-1', bytes: 4 })).toEqual([]);
  });
});
