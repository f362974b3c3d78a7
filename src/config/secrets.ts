import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskFull, inState, isDiskFull } from '../domain/disk-full.ts';
import { Failure } from '../domain/failure.ts';
import { Secret } from './secret.ts';
import { secretFromCommand } from './secret-command.ts';
import { GIVEN_SECRETS, RANDOM_SECRETS, SECRET_NAMES, SIGNING_KEY, secretVariable } from './secret-names.ts';

/** Secrets by name; each is made on first use. */
export interface Secrets {
  /** Values of a named secret, newest first; two during a rotation (`<name>` and `<name>.previous`). */
  get(name: string): readonly Secret[];
  /** Everything held, for redaction. */
  all(): readonly Secret[];
}

/** Shorter ones can be guessed; our own have 43 characters. */
const MIN_LENGTH = 16;
/** Below this a value cannot be taken out of texts without taking words with it. */
const MIN_TEST_LENGTH = 8;
const TEST_SECRET = /^test-[a-z0-9-]{1,50}$/;

function invalid(message: string): Failure {
  return new Failure('configuration-invalid', message);
}

/** Run a file operation; what the disk says becomes one clear line. */
function onDisk<T>(what: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (isDiskFull(error)) throw diskFull(inState(path), error);
    throw invalid(
      `${what} ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}; the folder must exist and be writable by this user`,
    );
  }
}

/** Make a file with this content unless it exists; between several processes the first one wins. */
function createOnce(file: string, content: () => string): void {
  if (existsSync(file)) return;
  const partial = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(partial, content(), { mode: 0o600, flush: true });
    linkSync(partial, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}

function check(name: string, value: string, from: string): Secret {
  if (name === SIGNING_KEY) {
    let type: string | undefined;
    try {
      type = createPrivateKey(value).asymmetricKeyType;
    } catch {
      type = undefined;
    }
    if (type !== 'ed25519') throw invalid(`${from} is no Ed25519 private key in PEM; make one with: openssl genpkey -algorithm ed25519`);
  } else if (value.length < (TEST_SECRET.test(name) ? MIN_TEST_LENGTH : MIN_LENGTH)) {
    throw invalid(
      `${from} is shorter than ${TEST_SECRET.test(name) ? MIN_TEST_LENGTH : MIN_LENGTH} characters; make one with: openssl rand -base64 32`,
    );
  }
  return new Secret(value);
}

function readGuarded(name: string, file: string): Secret {
  return onDisk('cannot read the secret file', file, () => {
    if ((statSync(file).mode & 0o077) !== 0) throw invalid(`the secret file ${file} can be used by others; run: chmod 600 ${file}`);
    return check(name, readFileSync(file, 'utf8').trim(), `the secret file ${file}`);
  });
}

/** Test secrets that somebody put there, by their names: files `test-...` of the folder, and variables `SUTURE_SECRET_TEST_...`. */
function givenTestSecrets(folder: string, env: Readonly<Record<string, string | undefined>>): ReadonlyMap<string, Secret> {
  const found = new Map<string, Secret>();
  const files = onDisk('cannot read the secrets in', folder, () => readdirSync(folder)).filter((name) => TEST_SECRET.test(name));
  for (const name of files) found.set(name, readGuarded(name, join(folder, name)));
  for (const [variable, value = ''] of Object.entries(env)) {
    const name = /^SUTURE_SECRET_(TEST_[A-Z0-9_]+)$/.exec(variable)?.[1]?.toLowerCase().replaceAll('_', '-');
    if (name !== undefined && value.trim() !== '') found.set(name, check(name, value.trim(), variable));
  }
  return found;
}

/**
 * Load the secrets of a state folder, making what is missing and ours to make. `SUTURE_SECRET_<NAME>` wins over `_COMMAND` and `_FILE` behind the
 * same name, and those over `<folder>/secrets/<name>`. Throws `Failure` code `configuration-invalid`, also for a secret that is too short or that others can read.
 */
export function loadSecrets(stateDir: string, env: Readonly<Record<string, string | undefined>>): Secrets {
  const folder = join(stateDir, 'secrets');
  onDisk('cannot make secrets in', folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of RANDOM_SECRETS) createOnce(join(folder, name), () => randomBytes(32).toString('base64url'));
    createOnce(join(folder, SIGNING_KEY), () =>
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
  });
  const held = new Map<string, readonly Secret[]>();
  for (const name of SECRET_NAMES) {
    const variable = secretVariable(name);
    const file = env[`${variable}_FILE`]?.trim() || join(folder, name);
    const command = env[`${variable}_COMMAND`]?.trim();
    const value = env[variable]?.trim() || (command ? secretFromCommand(`${variable}_COMMAND`, command) : '');
    // What only its owner can give may be absent, unless somebody said where it is.
    if (value === '' && (GIVEN_SECRETS as readonly string[]).includes(name) && !env[`${variable}_FILE`] && !existsSync(file)) {
      held.set(name, []);
      continue;
    }
    const current = value === '' ? readGuarded(name, file) : check(name, value, variable);
    const previous = join(folder, `${name}.previous`);
    held.set(name, [current, ...(existsSync(previous) ? [readGuarded(name, previous)] : [])]);
  }
  for (const [name, value] of givenTestSecrets(folder, env)) held.set(name, [value]);
  return {
    get(name) {
      const values = held.get(name);
      if (values === undefined && TEST_SECRET.test(name)) return [];
      if (values === undefined) throw invalid(`no secret is named ${name}; known: ${[...held.keys()].join(', ')}`);
      return values;
    },
    all: () => [...held.values()].flat(),
  };
}
