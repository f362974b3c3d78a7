// A process of its own that appends to a trail: `node audit-writer.ts <folder> <name> <count>`; a count of 0 goes on until it is killed.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createAuditTrail } from '../../src/store/audit-trail.ts';

const [dir = '', name = '', count = '0'] = process.argv.slice(2);
const trail = createAuditTrail(`${dir}/audit`, { signingKey: createPrivateKey(readFileSync(`${dir}/audit.key`)), checkpointEvery: 10 });
process.stdout.write('ready\n');
for (let at = 0; Number(count) === 0 || at < Number(count); at += 1) {
  await trail.append({ key: `${name}/${at}`, action: 'write', actor: name, facts: { at, filler: 'x'.repeat(200) } });
}
