import { describe, expect, it } from 'vitest';
import { newLines } from '../../src/cli/commands/logs.ts';

const work = (bytes: number, tail: string, job = 'run-1') => ({ activity: 'runCommand', attempt: 1, job, last: '', bytes, tail });

describe('what is new of a running command', () => {
  it('is what came since the last look', () => {
    expect(newLines(work(12, 'one\ntwo\nsix\n'), new Map([['run-1', 4]]))).toEqual(['two', 'six']);
  });

  it('is everything of another job', () => {
    expect(newLines(work(4, 'one\n', 'run-2'), new Map([['run-1', 900]]))).toEqual(['one']);
  });

  it('is told of each of two that run at once', () => {
    const seen = new Map([
      ['run-1', 4],
      ['run-2', 8],
    ]);
    expect(newLines(work(8, 'one\ntwo\n'), seen)).toEqual(['two']);
    expect(newLines(work(8, 'one\ntwo\n', 'run-2'), seen)).toEqual([]);
  });

  it('says how much did not fit', () => {
    expect(newLines(work(1000, 'end\n'), new Map())).toEqual(['… 996 bytes are not shown', 'end']);
  });

  it('is nothing when nothing came', () => {
    expect(newLines(work(4, 'one\n'), new Map([['run-1', 4]]))).toEqual([]);
  });
});
