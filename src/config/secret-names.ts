/** Secrets that are 32 random bytes, made on first use. */
export const RANDOM_SECRETS = [
  'local-webhook',
  'datadog-webhook',
  'manual-token',
  'github-webhook',
  'decision-token',
  'exchange-key',
] as const;

/** Secrets that only their owner can give; absent where nobody uses what they open. */
export const GIVEN_SECRETS = [
  'github-app-key',
  'github-token',
  'slack-bot-token',
  'slack-signing-secret',
  'actions-token',
  'datadog-api-key',
  'datadog-app-key',
  'smtp-password',
  'pagerduty-routing-key',
  'truefoundry-api-key',
  'openai-api-key',
  'phenoml-client-id',
  'phenoml-client-secret',
  'reasoner-token',
  'executor-token',
] as const;

/** The audit trail's Ed25519 private key, PEM, made on first use. */
export const SIGNING_KEY = 'audit-signing-key';

/** Every secret that Suture makes for itself. */
export const MADE_SECRETS: readonly string[] = [...RANDOM_SECRETS, SIGNING_KEY];

/** Every secret that Suture may hold. */
export const SECRET_NAMES: readonly string[] = [...MADE_SECRETS, ...GIVEN_SECRETS];

/** The environment variable that carries a secret; with `_FILE` behind it, the path of a file that does; with `_COMMAND`, a command that prints it. */
export function secretVariable(name: string): string {
  return `SUTURE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
}
