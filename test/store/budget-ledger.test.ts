import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { BudgetAmounts, BudgetClaim } from '../../src/domain/budget.ts';
import { createBudgetLedger } from '../../src/store/budget-ledger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WRITER = fileURLToPath(new URL('./budget-writer.ts', import.meta.url));
const DAY = 'day/2026-11-23';

function claim(scope: string, amounts: BudgetAmounts, limits: BudgetAmounts = {}): BudgetClaim {
  return { scope, amounts, limits };
}

function writer(dir: string, ...args: readonly string[]) {
  return spawn(process.execPath, [WRITER, dir, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('budget ledger', () => {
  it('has used nothing before anything is set aside', async () => {
    expect(await createBudgetLedger(temporaryFolder()).used(DAY)).toEqual({});
  });

  it('sets amounts aside in every scope, up to the limit itself', async () => {
    const ledger = createBudgetLedger(temporaryFolder());
    const claims = [claim('incident/a', { tokens: 60 }, { tokens: 100 }), claim(DAY, { tokens: 60 }, { tokens: 120 })];
    expect(await ledger.reserve('one', claims)).toBeNull();
    expect(await ledger.reserve('two', [claim(DAY, { tokens: 60 }, { tokens: 120 })])).toBeNull();
    expect(await ledger.used('incident/a')).toEqual({ tokens: 60 });
    expect(await ledger.used(DAY)).toEqual({ tokens: 120 });
  });

  it('sets nothing aside anywhere when one scope is full, and names it', async () => {
    const ledger = createBudgetLedger(temporaryFolder());
    await ledger.reserve('one', [claim(DAY, { usd: 1.5 })]);
    const over = await ledger.reserve('two', [claim('incident/a', { usd: 1 }, { usd: 5 }), claim(DAY, { usd: 1 }, { usd: 2 })]);
    expect(over).toEqual({ scope: DAY, unit: 'usd', used: 1.5, limit: 2 });
    expect(await ledger.used('incident/a')).toEqual({});
  });

  it('takes a refused key when the limit was raised', async () => {
    const ledger = createBudgetLedger(temporaryFolder());
    expect(await ledger.reserve('one', [claim(DAY, { attempts: 2 }, { attempts: 1 })])).not.toBeNull();
    expect(await ledger.reserve('one', [claim(DAY, { attempts: 2 }, { attempts: 2 })])).toBeNull();
  });

  it('sets aside once for a key that comes again, whatever is asked then', async () => {
    const ledger = createBudgetLedger(temporaryFolder());
    await ledger.reserve('one', [claim(DAY, { tokens: 10 })]);
    expect(await ledger.reserve('one', [claim(DAY, { tokens: 99 }, { tokens: 1 })])).toBeNull();
    expect(await ledger.used(DAY)).toEqual({ tokens: 10 });
  });

  it('counts what was really used once it is settled, and units that are not named as set aside', async () => {
    const ledger = createBudgetLedger(temporaryFolder());
    await ledger.reserve('one', [claim(DAY, { tokens: 100, usd: 0.3, attempts: 1 }), claim('incident/a', { tokens: 100 })]);
    await ledger.settle('one', { tokens: 40, usd: 0.1 });
    await ledger.settle('one', { tokens: 1, usd: 1 });
    expect(await ledger.used(DAY)).toEqual({ tokens: 40, usd: 0.1, attempts: 1 });
    expect(await ledger.used('incident/a')).toEqual({ tokens: 40, usd: 0.1 });
  });

  it('settles nothing that was not set aside', async () => {
    const ledger = createBudgetLedger(temporaryFolder());
    await ledger.settle('nobody', { tokens: 40 });
    expect(await ledger.used(DAY)).toEqual({});
  });

  it('leaves no rest of a cent behind', async () => {
    const ledger = createBudgetLedger(temporaryFolder());
    for (let at = 0; at < 10; at += 1) {
      await ledger.reserve(`call/${at}`, [claim(DAY, { usd: 0.1 }, { usd: 0.1 })]);
      await ledger.settle(`call/${at}`, { usd: 0 });
    }
    expect(await ledger.used(DAY)).toEqual({ usd: 0 });
  });

  it('refuses to write what it could not read back', async () => {
    const dir = temporaryFolder();
    await expect(createBudgetLedger(dir).reserve('one', [claim(DAY, { usd: Number.NaN })])).rejects.toThrow();
    expect(await createBudgetLedger(dir).used(DAY)).toEqual({});
  });

  it('knows everything after a new start', async () => {
    const dir = temporaryFolder();
    const first = createBudgetLedger(dir);
    await first.reserve('one', [claim(DAY, { tokens: 10 })]);
    await first.reserve('two', [claim(DAY, { tokens: 10 })]);
    await first.settle('one', { tokens: 3 });
    const second = createBudgetLedger(dir);
    expect(await second.used(DAY)).toEqual({ tokens: 13 });
    await second.settle('two', { tokens: 4 });
    expect(await first.used(DAY)).toEqual({ tokens: 7 });
  });

  it('cuts off the line that a killed writer left unfinished', async () => {
    const dir = temporaryFolder();
    await createBudgetLedger(dir).reserve('one', [claim(DAY, { tokens: 10 })]);
    appendFileSync(join(dir, 'ledger.jsonl'), '{"t":"reserved","at":"2026');
    let cut = 0;
    const ledger = createBudgetLedger(dir, { onRepair: (bytes) => (cut = bytes) });
    expect(await ledger.reserve('two', [claim(DAY, { tokens: 5 })])).toBeNull();
    expect(cut).toBe(26);
    expect(await createBudgetLedger(dir).used(DAY)).toEqual({ tokens: 15 });
  });

  it('begins anew where not even the first line was finished', async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, 'ledger.jsonl'), '{"t":"led');
    const ledger = createBudgetLedger(dir);
    await ledger.reserve('one', [claim(DAY, { tokens: 5 })]);
    expect(await createBudgetLedger(dir).used(DAY)).toEqual({ tokens: 5 });
  });

  it('says where a ledger is damaged instead of counting on', async () => {
    const dir = temporaryFolder();
    const ledger = createBudgetLedger(dir);
    await ledger.reserve('one', [claim(DAY, { tokens: 5 })]);
    appendFileSync(join(dir, 'ledger.jsonl'), 'rubbish\n');
    await expect(ledger.used(DAY)).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining('move the file aside'),
    });
    await expect(ledger.reserve('two', [])).rejects.toMatchObject({ code: 'configuration-invalid' });
  });

  it('forgets days that are long over and stays small, and counts on across it', async () => {
    const dir = temporaryFolder();
    let day = Date.parse('2026-01-01T00:00:00Z');
    const ledger = createBudgetLedger(dir, { now: () => new Date(day), compactFrom: 20_000 });
    const other = createBudgetLedger(dir, { now: () => new Date(day), compactFrom: 20_000 });
    for (let at = 0; at < 400; at += 1) {
      day += 12 * 3_600_000;
      const key = `call/${at}`;
      await (at % 3 === 0 ? other : ledger).reserve(key, [claim(`day/${at}`, { tokens: 1 }), claim('incident/long', { tokens: 1 })]);
      await ledger.settle(key, { tokens: 2 });
    }
    expect(statSync(join(dir, 'ledger.jsonl')).size).toBeLessThan(45_000);
    expect(await other.used('incident/long')).toEqual({ tokens: 800 });
    expect(await ledger.used('day/0')).toEqual({});
    expect(await ledger.used('day/399')).toEqual({ tokens: 2 });
    // A key of the last days is still known, settled or not.
    await ledger.reserve('call/399', [claim('incident/long', { tokens: 1 })]);
    expect(await createBudgetLedger(dir).used('incident/long')).toEqual({ tokens: 800 });
  });

  it('settles after the file was summed up what was set aside before', async () => {
    const dir = temporaryFolder();
    const ledger = createBudgetLedger(dir, { compactFrom: 1 });
    await ledger.reserve('one', [claim(DAY, { tokens: 10 })]);
    const first = readFileSync(join(dir, 'ledger.jsonl'), 'utf8');
    expect(first).toContain('"counted":true');
    await createBudgetLedger(dir).settle('one', { tokens: 4 });
    expect(await ledger.used(DAY)).toEqual({ tokens: 4 });
  });

  it('never gives two processes more than the limit', { timeout: 60_000 }, async () => {
    const dir = temporaryFolder();
    const children = ['a', 'b'].map((name) => writer(dir, name, '30', 'settle'));
    const said = await Promise.all(children.map((child) => text(child.stdout)));
    expect(said.join('').match(/^reserved/gm)).toHaveLength(40);
    expect(said.join('').match(/^refused/gm)).toHaveLength(20);
    expect(await createBudgetLedger(dir).used(DAY)).toEqual({ attempts: 40, tokens: 280 });
  });

  it('has every reservation that was answered after the process was killed between setting aside and settling', {
    timeout: 60_000,
  }, async () => {
    const dir = temporaryFolder();
    for (const round of ['a', 'b', 'c']) {
      const child = writer(dir, round, '0');
      const lines = createInterface(child.stdout);
      const said: string[] = [];
      for await (const line of lines) {
        said.push(line);
        if (said.length === 6) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const keys = said.filter((line) => line.startsWith('reserved')).map((line) => line.slice('reserved '.length));
      expect(keys.length).toBeGreaterThanOrEqual(5);
      const ledger = createBudgetLedger(dir);
      const before = (await ledger.used(DAY)).attempts ?? 0;
      // A repeat of each finds its reservation and charges nothing again.
      for (const key of keys) expect(await ledger.reserve(key, [claim(DAY, { attempts: 1 }, { attempts: 0 })])).toBeNull();
      for (const key of keys) await ledger.settle(key, { tokens: 1 });
      for (const key of keys) await ledger.settle(key, { tokens: 1 });
      expect((await ledger.used(DAY)).attempts).toBe(before);
      const { tokens = 0, attempts = 0 } = await ledger.used(`incident/${round}`);
      // What was written and never answered stays set aside in full.
      expect(tokens).toBe(keys.length + (attempts - keys.length) * 100);
    }
  });
});
