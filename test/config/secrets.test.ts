import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { MADE_SECRETS } from '../../src/config/secret-names.ts';
import { loadSecrets } from '../../src/config/secrets.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = temporaryFolder();
});

const file = (name: string) => join(stateDir, 'secrets', name);
const revealed = (name: string, env: Record<string, string> = {}) =>
  loadSecrets(stateDir, env)
    .get(name)
    .map((secret) => secret.reveal());

describe('loadSecrets', () => {
  it('takes what only its owner can give from variable, file or command, and has none where nobody gave it', () => {
    expect(revealed('github-token')).toEqual([]);
    const command = `printf '%s\\n' from-a-command-that-prints-it`;
    expect(revealed('github-token', { SUTURE_SECRET_GITHUB_TOKEN_COMMAND: command })).toEqual(['from-a-command-that-prints-it']);
    expect(() => loadSecrets(stateDir, { SUTURE_SECRET_GITHUB_TOKEN_COMMAND: 'echo secret-text; exit 7' })).toThrow(
      'the command of SUTURE_SECRET_GITHUB_TOKEN_COMMAND failed with exit code 7; run it by hand to see why',
    );
    expect(() => loadSecrets(stateDir, { SUTURE_SECRET_GITHUB_APP_KEY_FILE: '/nowhere/at/all' })).toThrow(/cannot read the secret file/);
  });

  it('makes every secret once, for the owner only, and leaves nothing else behind', () => {
    const first = MADE_SECRETS.map((name) => revealed(name));
    expect(MADE_SECRETS.map((name) => revealed(name))).toEqual(first);
    expect(new Set(first.flat()).size).toBe(MADE_SECRETS.length);
    expect(readdirSync(join(stateDir, 'secrets')).sort()).toEqual([...MADE_SECRETS].sort());
    for (const name of MADE_SECRETS) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(stateDir, 'secrets')).mode & 0o777).toBe(0o700);
  });

  it('gives 32 random bytes, and an Ed25519 key for the audit trail', () => {
    expect(Buffer.from(revealed('manual-token')[0] ?? '', 'base64url')).toHaveLength(32);
    expect(createPrivateKey(revealed('audit-signing-key')[0] ?? '').asymmetricKeyType).toBe('ed25519');
  });

  it('agrees between processes that start at the same time', async () => {
    const script = `import { loadSecrets } from ${JSON.stringify(new URL('../../src/config/secrets.ts', import.meta.url).href)};
      console.log(loadSecrets(process.argv[1], {}).all().map((secret) => secret.reveal()).join('|'));`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, stateDir]);
    const said = await Promise.all(Array.from({ length: 4 }, run));
    expect(new Set(said.map(({ stdout }) => stdout)).size).toBe(1);
  });

  it('refuses a file that others can use and says what to run', () => {
    loadSecrets(stateDir, {});
    for (const mode of [0o644, 0o640, 0o620, 0o601]) {
      chmodSync(file('manual-token'), mode);
      expect(() => loadSecrets(stateDir, {})).toThrow(`chmod 600 ${file('manual-token')}`);
    }
  });

  it('takes the variable first, then the file it names, then its own', () => {
    const own = revealed('manual-token');
    const elsewhere = join(stateDir, 'elsewhere');
    writeFileSync(elsewhere, 'from-a-file-of-mine\n', { mode: 0o600 });
    expect(revealed('manual-token', { SUTURE_SECRET_MANUAL_TOKEN_FILE: elsewhere })).toEqual(['from-a-file-of-mine']);
    expect(
      revealed('manual-token', { SUTURE_SECRET_MANUAL_TOKEN_FILE: elsewhere, SUTURE_SECRET_MANUAL_TOKEN: 'from-the-environment' }),
    ).toEqual(['from-the-environment']);
    expect(revealed('manual-token', { SUTURE_SECRET_MANUAL_TOKEN: '' })).toEqual(own);
  });

  it('keeps the previous value during a rotation, newest first', () => {
    loadSecrets(stateDir, {});
    writeFileSync(`${file('manual-token')}.previous`, 'the-older-secret', { mode: 0o600 });
    expect(revealed('manual-token', { SUTURE_SECRET_MANUAL_TOKEN: 'the-newer-secret' })).toEqual(['the-newer-secret', 'the-older-secret']);
  });

  it('refuses to start with a secret that can be guessed, without showing it', () => {
    expect(() => loadSecrets(stateDir, { SUTURE_SECRET_DATADOG_WEBHOOK: 'hunter2' })).toThrow(
      /SUTURE_SECRET_DATADOG_WEBHOOK is shorter than 16/,
    );
    expect(() => loadSecrets(stateDir, { SUTURE_SECRET_DATADOG_WEBHOOK: 'hunter2' })).not.toThrow(/hunter2/);
    writeFileSync(file('local-webhook'), '', { mode: 0o600 });
    expect(() => loadSecrets(stateDir, {})).toThrow(/local-webhook is shorter than 16/);
  });

  it('refuses a signing key of another kind', () => {
    const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const key of [rsa, 'nonsense'])
      expect(() => loadSecrets(stateDir, { SUTURE_SECRET_AUDIT_SIGNING_KEY: key })).toThrow(/no Ed25519 private key/);
  });

  it('says in one line when the folder cannot be used', () => {
    writeFileSync(join(stateDir, 'secrets'), 'a file');
    expect(() => loadSecrets(stateDir, {})).toThrow(/cannot make secrets in .*secrets: E/);
    expect(() => loadSecrets(temporaryFolder(), { SUTURE_SECRET_MANUAL_TOKEN_FILE: '/nowhere/at/all' })).toThrow(
      /cannot read the secret file \/nowhere\/at\/all: ENOENT/,
    );
  });

  it('names the secrets there are when asked for another', () => {
    mkdirSync(stateDir, { recursive: true });
    expect(() => loadSecrets(stateDir, {}).get('github-app')).toThrow(/no secret is named github-app; known: local-webhook/);
  });
});

describe('Secret', () => {
  it('prints nowhere', () => {
    const secret = new Secret('hunter2hunter2');
    const lines: string[] = [];
    createLogger({ level: 'info', name: 'test', redact: (text) => text, target: { write: (line: string) => void lines.push(line) } }).info(
      { secret, deep: { secret, list: [secret] } },
      `it is ${secret}`,
    );
    const said = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret, list: [secret] }),
      inspect(secret),
      inspect({ deep: { secret } }, { showHidden: true, depth: 9 }),
      ...lines,
      Object.values(secret),
    ];
    expect(lines).toHaveLength(1);
    expect(said.join()).not.toContain('hunter2');
    expect({ ...secret }).toEqual({});
  });
});
