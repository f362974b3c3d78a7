import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { Secret } from './secret.ts';

/** Secrets by name; each is made on first use. */
export interface Secrets {
  /** Values of a named secret, newest first; two during a rotation (`<name>` and `<name>.previous`). */
  get(name: string): readonly Secret[];
  /** Everything held, for redaction. */
  all(): readonly Secret[];
}

/** Random secrets that exist from the first start on: 32 bytes each. */
const RANDOM = ['local-webhook', 'datadog-webhook', 'manual-token'];
/** The audit trail's Ed25519 private key, PEM. */
const SIGNING = 'audit-signing-key';

/** Make a file with this content unless it exists; between several processes the first one wins. */
function createOnce(file: string, content: string): void {
  if (existsSync(file)) return;
  const partial = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(partial, content, { mode: 0o600 });
  try {
    linkSync(partial, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}

function readGuarded(file: string): Secret {
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Failure('configuration-invalid', `the secret file ${file} can be read by others; run: chmod 600 ${file}`);
  }
  return new Secret(readFileSync(file, 'utf8').trim());
}

/** Load the secrets of a state folder, making what is missing; `SUTURE_SECRET_<NAME>` in the environment wins over the file. Throws `Failure` code `configuration-invalid`. */
export function loadSecrets(stateDir: string, env: Readonly<Record<string, string | undefined>>): Secrets {
  const folder = join(stateDir, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of RANDOM) createOnce(join(folder, name), randomBytes(32).toString('base64url'));
  createOnce(join(folder, SIGNING), generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const held = new Map<string, readonly Secret[]>();
  for (const name of [...RANDOM, SIGNING]) {
    const set = env[`SUTURE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`];
    const previous = join(folder, `${name}.previous`);
    held.set(name, [set === undefined || set === '' ? readGuarded(join(folder, name)) : new Secret(set), ...(existsSync(previous) ? [readGuarded(previous)] : [])]);
  }
  return {
    get(name) {
      const values = held.get(name);
      if (values === undefined) throw new Failure('configuration-invalid', `no secret is named ${name}; known: ${[...held.keys()].join(', ')}`);
      return values;
    },
    all: () => [...held.values()].flat(),
  };
}
