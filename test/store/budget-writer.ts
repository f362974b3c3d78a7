// A process of its own that uses a ledger: `node budget-writer.ts <folder> <name> <count> [settle]`; a count of 0 goes on until it is killed.
import { createBudgetLedger } from '../../src/store/budget-ledger.ts';

const [dir = '', name = '', count = '0', settle] = process.argv.slice(2);
const ledger = createBudgetLedger(dir, { compactFrom: 4_000 });
process.stdout.write('ready\n');
for (let at = 0; Number(count) === 0 || at < Number(count); at += 1) {
  const key = `${name}/${at}`;
  const over = await ledger.reserve(key, [
    { scope: 'day/2026-11-23', amounts: { attempts: 1, tokens: 100 }, limits: { attempts: 40 } },
    { scope: `incident/${name}`, amounts: { attempts: 1, tokens: 100 }, limits: {} },
  ]);
  process.stdout.write(`${over === null ? 'reserved' : 'refused'} ${key}\n`);
  if (over === null && settle !== undefined) await ledger.settle(key, { tokens: 7 });
}
