import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ReplayWorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/domain/outcome.ts';
import { providedTemporal, quietRuntime } from '../support/temporal.ts';
import { ENDINGS } from './outcomes.ts';
import { payloadSizes } from './payloads.ts';

interface HistoryJson {
  readonly events: Array<Record<string, unknown> & { readonly eventType: string }>;
}

const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();
const histories = new Map<string, HistoryJson>();
let options: ReplayWorkerOptions;

beforeAll(async () => {
  quietRuntime();
  options = { workflowBundle: { codePath: providedTemporal().bundlePath } };
  for (const file of files) histories.set(file, JSON.parse(await readFile(`${folder}${file}`, 'utf8')) as HistoryJson);
});

function history(name: string): HistoryJson {
  const found = histories.get(`${name}.json`);
  if (found === undefined) throw new Error(`no history ${name}; run \`npm run histories\``);
  return structuredClone(found);
}

/** Ids are not part of a history; the healing reads its own, and only inputs of activities, which replay does not compare, depend on it. */
const replay = (given: HistoryJson): Promise<void> => Worker.runReplayHistory(options, given, 'heal/acme/replayed/branch/main');

describe('a recorded history', () => {
  it.each(files)('replays: %s', async (file) => {
    await expect(replay(history(file.replace(/\.json$/, '')))).resolves.toBeUndefined();
  });

  it('exists for every ending and every kind of outcome', () => {
    expect(ENDINGS.filter((ending) => !histories.has(`${ending.name}.json`)).map((ending) => ending.name)).toEqual([]);
    const reached = new Set(ENDINGS.map((ending) => ending.kind));
    expect(OUTCOMES.filter((kind) => !reached.has(kind))).toEqual([]);
  });

  it.each(files)('holds no payload above 8 kB: %s', (file) => {
    const sizes = payloadSizes(history(file.replace(/\.json$/, '')));
    expect(sizes.length).toBeGreaterThan(3);
    expect(sizes.filter(({ bytes }) => bytes > 8_192)).toEqual([]);
  });
});

describe('a changed decision order', () => {
  it('is reported as non-determinism when another activity was scheduled than the code asks for', async () => {
    const changed = history('healed-verified');
    const [normalize, askForSlot] = ['normalize', 'requestSlot'].map((name) =>
      changed.events.find((event) => scheduled(event)?.activityType.name === name),
    );
    if (normalize === undefined || askForSlot === undefined) throw new Error('the recorded history lacks its first activities');
    const first = scheduled(normalize);
    const second = scheduled(askForSlot);
    if (first === undefined || second === undefined) throw new Error('not scheduled');
    [first.activityType, second.activityType] = [second.activityType, first.activityType];
    await expect(replay(changed)).rejects.toBeInstanceOf(DeterminismViolationError);
  });

  it('is reported when the code decides in another order than the one that was recorded', async () => {
    const code = await readFile(providedTemporal().bundlePath, 'utf8');
    const changed = code.replaceAll("'requestSlot', 'ask for a slot'", "'decidePlan', 'ask for a slot'");
    expect(changed).not.toBe(code);
    await expect(
      Worker.runReplayHistory({ workflowBundle: { code: changed } }, history('healed-verified'), 'heal/acme/replayed/branch/main'),
    ).rejects.toBeInstanceOf(DeterminismViolationError);
  });
});

function scheduled(event: Record<string, unknown>): { activityType: { name: string } } | undefined {
  return event['activityTaskScheduledEventAttributes'] as { activityType: { name: string } } | undefined;
}
