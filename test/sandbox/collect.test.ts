import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { COLLECT_LIMITS, collect } from '../../src/sandbox/collect.ts';

const baseline = { entries: new Map(), ignore: 'ignored\n', layered: new Set<string>(), refused: [] };
const request = { artifacts: [], changes: { only: [] }, baseline, totalBytes: 64 * 1024 ** 2 };

describe('what a sandbox hands back', () => {
  it('is not read further than it may be, also where nobody asked for it', async () => {
    let sent = 0;
    const archive = pack();
    // Files with holes: they cost the sandbox nothing, and are as long to read as they say.
    const one = 1024 ** 3;
    const entry = archive.entry({ name: './ignored/hole', size: one });
    const zeros = Buffer.alloc(65_536);
    const fill = (): void => {
      for (;;) {
        if (entry.destroyed || sent >= one) return;
        sent += zeros.length;
        if (!entry.write(zeros)) {
          entry.once('drain', fill);
          return;
        }
      }
    };
    entry.on('error', () => undefined);
    archive.on('error', () => undefined);
    fill();
    const { refused, changes } = await collect(Readable.from(archive), request, () => Promise.resolve(true));
    expect(refused[0]).toMatch(/more than 67108864 bytes were sent/);
    expect(changes).toEqual([]);
    expect(sent).toBeLessThan(request.totalBytes);
  });

  it('is refused beyond the size of a change set, and a name that comes twice counts once', async () => {
    const archive = pack();
    for (let number = 0; number < COLLECT_LIMITS.changes + 10; number += 1) archive.entry({ name: `./new-${number}` }, 'x');
    archive.entry({ name: './new-0' }, 'other');
    archive.finalize();
    const { changes, refused } = await collect(Readable.from(archive), request, () => Promise.resolve(true));
    expect(changes).toHaveLength(COLLECT_LIMITS.changes);
    expect(changes.find(({ path }) => path === 'new-0')).toMatchObject({ content: Buffer.from('x').toString('base64') });
    expect(refused).toContain('"new-0": is sent twice');
    expect(refused.filter((line) => line.endsWith('goes beyond the size of a change set'))).toHaveLength(10);
  });
});
