import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Traces, traces } from './hostile-leftovers.ts';
import { type Ended, type Files, openWholeWorld, policy, type WholeWorld } from './hostile-world.ts';

// Whole healings, several at a time: slow machines take their time.
vi.setConfig({ testTimeout: 180_000 });

/** Stands on the command line of every program here. */
const TOKEN = `suture-hostile-${randomUUID()}`;

/** What the program does, as Python; each but the first and the last would go on for ever. */
const DEEDS = {
  nothing: 'pass',
  hang: 'signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    time.sleep(60)',
  fork: 'while True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(0.05)',
  fill: 'with open("fill", "wb") as file:\n    while True:\n        file.write(bytes(1 << 20))',
  print: 'for _ in range(100):\n    sys.stdout.write("0123456789abcde\\n" * (1 << 16))',
} as const;
type Deed = keyof typeof DEEDS;

const deed = (name: Deed): string => `import os, signal, sys, time\n${DEEDS[name]}\n`;
const COMMAND = `python3 -m app ${TOKEN}`;

/** A program that does what its settings say. */
const bySettings: Files = {
  '.github/suture.yml': policy(COMMAND, { timeoutSeconds: 2 }),
  'app/__init__.py': '',
  'app/__main__.py': `import json\n__import__('app.' + json.load(open('settings.json'))['deed'])\n`,
  ...Object.fromEntries(Object.keys(DEEDS).map((name) => [`app/${name}.py`, deed(name as Deed)])),
  'settings.json': '{"deed": "nothing"}',
};
/** A program that does one thing. */
const byCode: Files = {
  '.github/suture.yml': policy(COMMAND, { timeoutSeconds: 2 }),
  'app/__init__.py': '',
  'app/__main__.py': deed('nothing'),
};

let world: WholeWorld;
let before: Traces;
let atWork: Traces[];
let watching: NodeJS.Timeout;
beforeAll(async () => {
  before = traces('/proc/nowhere', TOKEN);
  world = await openWholeWorld({
    limits: { processes: 40, workspaceBytes: 8 * 1024 ** 2, memoryBytes: 256 * 1024 ** 2, outputBytes: 4 * 1024 ** 2 },
  });
  atWork = [];
  watching = setInterval(() => atWork.push(traces(world.stateDir, TOKEN)), 500);
});
afterAll(async () => {
  clearInterval(watching);
  await world?.close();
});

async function healed(
  name: string,
  healthy: Files,
  culprit: Files,
): Promise<{ readonly ended: Ended; readonly log: string; readonly conclusion: string | undefined }> {
  const repo = await world.serve(name, healthy);
  const sha = await world.push(repo, culprit);
  const log = new TextDecoder().decode((await world.forge.checks.log(repo, sha, 'tests')) ?? new Uint8Array());
  const [check] = await world.forge.checks.list(repo, sha);
  const ended = await world.heal(repo, 'tests');
  return { ended, log, conclusion: check?.conclusion };
}

const story = (ended: Ended): string => ended.view.timeline.map((line) => line.text).join('\n');

describe('a command', () => {
  it('that hangs is ended, reported as timed out, and healed where its settings made it hang', async () => {
    const { ended, log, conclusion } = await healed('hangs-by-settings', bySettings, { 'settings.json': '{"deed": "hang"}' });
    expect(conclusion).toBe('timed-out');
    expect(log).toContain('ended by its timeout limit');
    expect(story(ended)).toContain('red each time: it did not end within its time limit');
    expect(ended.view.outcome?.kind).toBe('healed');
  });

  it('that hangs is ended and handed over where nothing tells which commit made it hang', async () => {
    const { ended } = await healed('hangs-by-code', byCode, { 'app/__main__.py': deed('hang') });
    expect(ended.view.outcome).toMatchObject({
      kind: 'escalated',
      reason: 'no-strategy',
      detail: expect.stringContaining('its run did not end in time'),
    });
    expect(ended.handOver?.outcome.detail).toContain('its run did not end in time');
  });

  it('that starts processes without end is ended, reported as that, and healed', async () => {
    const { ended, log } = await healed('forks', bySettings, { 'settings.json': '{"deed": "fork"}' });
    expect(log).toContain('ended by its processes limit');
    expect(story(ended)).toContain('red each time: it started more processes than its limit');
    expect(ended.view.outcome?.kind).toBe('healed');
  });

  it('that fills the disk is reported as that, and healed', async () => {
    const { ended, log } = await healed('fills', byCode, { 'app/__main__.py': deed('fill') });
    expect(log).toContain('disk limit');
    expect(story(ended)).toContain('red each time: it filled the disk of its workspace');
    expect(ended.view.outcome?.kind).toBe('healed');
  });

  it('that prints 100 MB is ended, reported as that, and handed over', async () => {
    const { ended, log } = await healed('prints', bySettings, { 'settings.json': '{"deed": "print"}' });
    expect(log).toContain('ended by its output limit');
    expect(log.length).toBeLessThan(2 * 1024 ** 2);
    expect(ended.view.outcome).toMatchObject({
      kind: 'escalated',
      reason: 'environment-failed',
      detail: expect.stringContaining('it printed more than its output limit'),
    });
    expect(ended.pulls).toBe(0);
  });

  it('whose output is too long to be kept proves nothing by a test report that was cut', async () => {
    const chatty = `import json, unittest


class AppTest(unittest.TestCase):
    def test_app(self):
        print('0123456789abcde\\n' * (1 << 17))
        self.assertEqual(json.load(open('settings.json'))['deed'], 'nothing')
`;
    const { ended } = await healed(
      'chats',
      {
        '.github/suture.yml': policy('python3 -m unittest -v', { report: 'unittest' }),
        'test_app.py': chatty,
        'settings.json': '{"deed": "nothing"}',
      },
      { 'settings.json': '{"deed": "other"}' },
    );
    expect(ended.view.outcome).toMatchObject({
      kind: 'escalated',
      reason: 'gate-refused',
      detail: expect.stringContaining('is not whole'),
    });
    expect(ended.pulls).toBe(0);
  });
});

it('leaves no process, mount, folder or control group of ours behind', async () => {
  clearInterval(watching);
  const { isolation } = await world.sandbox.preflight();
  expect(atWork.some(({ processes }) => processes.some((process) => process.includes(TOKEN)))).toBe(true);
  if (isolation.includes('cgroup')) expect(atWork.some(({ groups }) => groups.length > 0)).toBe(true);
  // The forge looks around by itself now and then, with short-lived commands.
  await vi.waitFor(() => expect(traces(world.stateDir, TOKEN)).toEqual(before), { timeout: 10_000, interval: 100 });
  expect(await world.sandbox.sweep()).toBe(0);
});
