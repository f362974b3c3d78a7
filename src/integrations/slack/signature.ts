import { createHmac, timingSafeEqual } from 'node:crypto';

/** Slack's own window, in seconds: a request whose time differs by more is refused. */
const WINDOW_SECONDS = 300;

/** Signature of a body as Slack sends it: `v0=` and the hex HMAC over version, time and raw bytes. */
export function signSlack(secret: string, timestamp: string, body: Uint8Array): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
}

/** Whether a body was signed with one of the secrets within the window around `now`; null when it was, else why not. */
export function signatureProblem(
  secrets: readonly string[],
  given: { readonly timestamp: string | undefined; readonly signature: string | undefined; readonly body: Uint8Array },
  now: Date,
): string | null {
  const { timestamp = '', signature = '', body } = given;
  if (secrets.length === 0) return 'no secret `slack-signing-secret` is configured';
  if (!/^[1-9]\d{0,11}$/.test(timestamp)) return 'the header X-Slack-Request-Timestamp is missing or no time';
  if (signature === '') return 'the header X-Slack-Signature is missing';
  // Both sides: who can sign for the future could keep a click for later.
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > WINDOW_SECONDS) return 'the request is too old, or from the future';
  const actual = Buffer.from(signature, 'utf8');
  let valid = false;
  for (const secret of secrets) {
    const expected = Buffer.from(signSlack(secret, timestamp, body), 'utf8');
    const matches = actual.length === expected.length && timingSafeEqual(actual, expected);
    valid = valid || matches;
  }
  return valid ? null : 'the signature does not fit the body';
}
