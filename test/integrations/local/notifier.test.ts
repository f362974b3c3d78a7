import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HandOver } from '../../../src/domain/hand-over.schema.ts';
import { createLocalNotifier, handOverFolder, readNotifications } from '../../../src/integrations/local/notifier.ts';
import { makeFolder } from './support.ts';

const message: HandOver = {
  healingId: 'heal/acme/shop/pr/123',
  repo: { owner: 'acme', name: 'shop' },
  subject: 'pr/123',
  outcome: { kind: 'escalated', reason: 'no-strategy', detail: 'nothing applies' },
  title: 'test <img src=x onerror=alert(1)> @everyone fails',
  hypotheses: [{ text: 'config.yaml changed', evidence: ['# not a heading\n## nor this'] }],
  tried: [{ strategy: 'revert', result: 'still red' }],
  branch: 'suture/pr-123-ab12',
  diff: { sha256: 'c'.repeat(64), size: 4, mediaType: 'text/x-diff' },
  commands: ['git fetch origin suture/pr-123-ab12', 'echo ``` done'],
};

describe('the local notifier', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => folder.dispose());

  it('leaves a bundle with the facts, a page and the diff', async () => {
    const notifier = createLocalNotifier(folder.path, () => Promise.resolve(Buffer.from('diff')));
    await notifier.handOver(message, 'heal/acme/shop/pr/123#1');
    const bundle = handOverFolder(folder.path, 'heal/acme/shop/pr/123#1');
    expect(readdirSync(bundle).sort()).toEqual(['README.md', 'change.diff', 'hand-over.json']);
    expect(JSON.parse(readFileSync(join(bundle, 'hand-over.json'), 'utf8'))).toEqual(message);
    expect(readFileSync(join(bundle, 'change.diff'), 'utf8')).toBe('diff');
  });
  it('shows outside text as text', async () => {
    await createLocalNotifier(folder.path).handOver(message, 'k');
    const page = readFileSync(join(handOverFolder(folder.path, 'k'), 'README.md'), 'utf8');
    expect(page).not.toMatch(/(?<!\\)<img/);
    expect(page).not.toMatch(/(?<!\\)@everyone/);
    expect(page).not.toMatch(/^## nor this/m);
    expect(page).toContain('````sh\ngit fetch origin suture/pr-123-ab12\necho ``` done\n````');
  });
  it('tells each thing once, however often it is asked', async () => {
    const notifier = createLocalNotifier(folder.path);
    await Promise.all(Array.from({ length: 5 }, () => notifier.handOver(message, 'k')));
    await notifier.notify({ healingId: message.healingId, kind: 'reminder', text: 'still waiting' }, 'r1');
    await notifier.notify({ healingId: message.healingId, kind: 'reminder', text: 'still waiting' }, 'r1');
    expect((await readNotifications(folder.path)).map((record) => record.kind).sort()).toEqual(['hand-over', 'reminder']);
    expect(readdirSync(join(folder.path, 'hand-over')).filter((name) => !name.startsWith('.'))).toHaveLength(1);
    expect(readdirSync(join(folder.path, 'hand-over')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
  it('keeps bundles inside their folder whatever the key says', async () => {
    await createLocalNotifier(folder.path).handOver(message, '../../evil');
    expect(readdirSync(folder.path).sort()).toEqual(['hand-over', 'notifications']);
  });
});
