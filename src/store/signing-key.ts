import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure } from '../domain/failure.ts';
import { createAtomically } from '../lib/atomic-file.ts';
import { hasCode } from '../lib/error-code.ts';
import { onDisk } from './disk.ts';

/** Loads the Ed25519 key that signs checkpoints from a PEM file, or makes one (mode 0600). Several processes may ask at once: they get the same key. */
export function loadOrCreateSigningKey(path: string): Promise<KeyObject> {
  return onDisk(async () => {
    const read = async (): Promise<string | null> => {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (hasCode(error, 'ENOENT')) {
          return null;
        }
        throw error;
      }
    };
    if ((await read()) === null) {
      await createAtomically(path, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }));
    }
    try {
      const key = createPrivateKey((await read()) ?? '');
      if (key.asymmetricKeyType === 'ed25519') {
        return key;
      }
    } catch (error) {
      throw new Failure('configuration-invalid', `${path} is not a private key in PEM: restore it from a backup`, { cause: error });
    }
    throw new Failure('configuration-invalid', `${path} holds no Ed25519 key: restore it from a backup`);
  });
}

/** The key that checks what the other one signed. */
export function publicKeyOf(signingKey: KeyObject): KeyObject {
  return createPublicKey(signingKey);
}
