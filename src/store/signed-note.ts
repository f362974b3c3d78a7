import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** Name of the key in the signature line. */
const KEY_NAME = 'suture-audit';

/** What a checkpoint says. */
export interface CheckpointFacts {
  /** Name of the trail. */
  readonly origin: string;
  readonly size: number;
  /** 64 hex digits. */
  readonly hash: string;
}

/** First bytes of the hash of name and key, as the signed-note format has it. */
function keyHash(publicKey: KeyObject): Buffer {
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return createHash('sha256')
    .update(`${KEY_NAME}\n`)
    .update(Buffer.from([1]))
    .update(raw)
    .digest()
    .subarray(0, 4);
}

/** Signs a checkpoint. The text is a C2SP tlog checkpoint in a C2SP signed note (c2sp.org/tlog-checkpoint, c2sp.org/signed-note), so common tools read it. */
export function signCheckpoint(facts: CheckpointFacts, signingKey: KeyObject): string {
  const text = `${facts.origin}\n${facts.size}\n${Buffer.from(facts.hash, 'hex').toString('base64')}\n`;
  const signature = Buffer.concat([keyHash(createPublicKey(signingKey)), sign(null, Buffer.from(text), signingKey)]);
  return `${text}\n\u2014 ${KEY_NAME} ${signature.toString('base64')}\n`;
}

/** Reads a checkpoint and checks its signature with this key. */
export function openCheckpoint(
  note: string,
  publicKey: KeyObject,
):
  | { readonly kind: 'valid'; readonly facts: CheckpointFacts }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'other-key' }
  | { readonly kind: 'bad-signature' } {
  const match = /^([^\n]{1,200})\n([1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n\u2014 ([^\s]{1,100}) ([A-Za-z0-9+/]{10,200}={0,2})\n?$/.exec(
    note,
  );
  const [, origin, size, hash, name, blob] = match ?? [];
  if (origin === undefined || size === undefined || hash === undefined || name === undefined || blob === undefined) {
    return { kind: 'malformed' };
  }
  const bytes = Buffer.from(blob, 'base64');
  if (name !== KEY_NAME || !bytes.subarray(0, 4).equals(keyHash(publicKey))) {
    return { kind: 'other-key' };
  }
  const good = verify(null, Buffer.from(`${origin}\n${size}\n${hash}\n`), publicKey, bytes.subarray(4));
  return good
    ? { kind: 'valid', facts: { origin, size: Number(size), hash: Buffer.from(hash, 'base64').toString('hex') } }
    : { kind: 'bad-signature' };
}
