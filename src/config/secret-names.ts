/** Secrets that are 32 random bytes, made on first use. */
export const RANDOM_SECRETS = ['local-webhook', 'datadog-webhook', 'manual-token'] as const;

/** The audit trail's Ed25519 private key, PEM, made on first use. */
export const SIGNING_KEY = 'audit-signing-key';

/** Every secret that Suture holds. */
export const SECRET_NAMES: readonly string[] = [...RANDOM_SECRETS, SIGNING_KEY];

/** The environment variable that carries a secret; with `_FILE` behind it, the path of a file that does. */
export function secretVariable(name: string): string {
  return `SUTURE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
}
