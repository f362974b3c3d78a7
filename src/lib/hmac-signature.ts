import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signature of a body as GitHub and the local forge send it: `sha256=` and the hex HMAC over the raw bytes. */
export function sign(secret: string, body: string | Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Whether a signature is that of one of the secrets; takes the same time whichever it is. */
export function isSigned(secrets: readonly string[], body: Uint8Array, signature: string): boolean {
  const given = Buffer.from(signature, 'utf8');
  let valid = false;
  for (const secret of secrets) {
    const expected = Buffer.from(sign(secret, body), 'utf8');
    const matches = given.length === expected.length && timingSafeEqual(given, expected);
    valid = valid || matches;
  }
  return valid;
}
