import { describe, expect, it } from 'vitest';
import type { OutcomeKind } from '../../src/domain/outcome.ts';
import { UndoStack } from '../../src/workflows/undo.ts';

const record = { note: () => undefined, audit: () => undefined };
const outcome = (kind: OutcomeKind) => ({ kind, reason: 'stopped-by-person' as const, detail: '' });

function stack(done: string[], settled: boolean): UndoStack {
  const undo = new UndoStack();
  for (const name of ['branch', 'pull request', 'deployment']) {
    const settle = undo.push(name, async () => {
      done.push(name);
      if (name === 'pull request') throw new Error('gone wrong');
    });
    if (settled) settle();
  }
  return undo;
}

describe('taking back', () => {
  it('runs last in first out, and one that fails does not stop the next', async () => {
    const done: string[] = [];
    expect(await stack(done, true).run(record, outcome('cancelled'))).toEqual(['pull request']);
    expect(done).toEqual(['deployment', 'pull request', 'branch']);
  });

  it('leaves to people what was really opened when they are to go on with it', async () => {
    const done: string[] = [];
    await stack(done, true).run(record, outcome('escalated'));
    expect(done).toEqual([]);
  });

  it('takes back a step whose result never came, whatever the outcome', async () => {
    const done: string[] = [];
    await stack(done, false).run(record, outcome('escalated'));
    expect(done).toEqual(['deployment', 'pull request', 'branch']);
  });

  it('does nothing once the point of no return is passed', async () => {
    const done: string[] = [];
    const undo = stack(done, true);
    undo.clear();
    await undo.run(record, outcome('cancelled'));
    expect(done).toEqual([]);
  });
});
