import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSecrets } from '../../src/config/index.ts';
import { createAuditTrail } from '../../src/store/audit-trail.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { suture } from './support.ts';

describe('suture audit verify', { timeout: 60_000 }, () => {
  it('says how much a signature covers, and which entry was changed', async () => {
    const stateDir = temporaryFolder();
    const signingKey = createPrivateKey(loadSecrets(stateDir, {}).get('audit-signing-key')[0]?.reveal() ?? '');
    const trail = createAuditTrail(join(stateDir, 'audit'), { signingKey });
    const append = (key: string) => trail.append({ key, action: 'state', actor: 'suture', facts: {} });
    for (const key of ['a', 'b', 'c']) await append(key);
    await trail.checkpoint();
    for (const key of ['d', 'e']) await append(key);
    const whole = await suture(stateDir, ['audit', 'verify']);
    expect(whole.stdout.trim()).toBe(
      'the audit trail is whole: 5 entries, 3 of them covered by 1 signed checkpoints; the newest 2 are not signed yet, so that a cut there would not show',
    );
    const file = join(stateDir, 'audit', 'trail.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, lines.map((line, index) => (index === 1 ? line.replace('suture', 'nobody') : line)).join('\n'));
    const changed = await suture(stateDir, ['audit', 'verify']);
    expect(changed.code).toBe(3);
    expect(changed.stdout.trim()).toMatch(/^the audit trail is NOT whole \(edited\): entry 2 /);
  });
});
