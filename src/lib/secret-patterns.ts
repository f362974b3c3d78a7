/** One kind of secret by its looks. What the first group matches is kept: it is the label, not the value. */
export interface SecretPattern {
  readonly name: string;
  readonly pattern: RegExp;
}

// Every pattern is linear: it starts at a rare literal or behind a lookbehind that keeps it from starting inside its own run, and its repeats are bounded or
// cannot overlap with what follows them.
/** Tokens, keys and credentials of common vendors. Sources of the forms: the vendors' own documentation of their token prefixes. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    name: 'private-key',
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END )[\s\S]){0,20000}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?/g,
  },
  { name: 'github-app-token', pattern: /(?<![A-Za-z0-9_])ghs_\d{1,15}_[A-Za-z0-9_-]{8,4096}(?:\.[A-Za-z0-9_-]{1,8192}){0,2}/g },
  { name: 'github-token', pattern: /(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})/g },
  { name: 'gitlab-token', pattern: /(?<![A-Za-z0-9_-])gl(?:pat|dt|rt|cbt|ptt|oas)-[A-Za-z0-9_.-]{16,300}/g },
  { name: 'aws-key-id', pattern: /(?<![A-Z0-9])(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])/g },
  {
    name: 'aws-secret',
    pattern:
      /((?:aws|secret)[_-]?(?:secret)?[_-]?(?:access)?[_-]?key(?:["'`]{0,2})[ \t]{0,5}(?:[:=]|=>)[ \t]{0,5}["'`]?)[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=])/gi,
  },
  { name: 'slack-token', pattern: /(?<![A-Za-z0-9-])(?:xox[abeoprs](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,300}/g },
  { name: 'slack-webhook', pattern: /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9/_-]{10,200}/g },
  { name: 'npm-token', pattern: /(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{30,100}/g },
  { name: 'registry-auth', pattern: /(_(?:authToken|auth|password)[ \t]{0,3}=[ \t]{0,3}["']?)[^\s"']{6,2000}/g },
  { name: 'pypi-token', pattern: /(?<![A-Za-z0-9_-])pypi-[A-Za-z0-9_-]{16,500}/g },
  { name: 'openai-or-anthropic-key', pattern: /(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{20,300}/g },
  { name: 'stripe-key', pattern: /(?<![A-Za-z0-9_])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,200}/g },
  { name: 'hugging-face-token', pattern: /(?<![A-Za-z0-9_])hf_[A-Za-z0-9]{30,100}/g },
  { name: 'google-key', pattern: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}/g },
  { name: 'google-oauth', pattern: /(?<![A-Za-z0-9_-])(?:ya29\.[A-Za-z0-9_-]{20,2000}|GOCSPX-[A-Za-z0-9_-]{20,60})/g },
  {
    name: 'datadog-key',
    pattern:
      /((?:dd|datadog)[_ -]?(?:api|app|application)?[_ -]?key["'`]{0,2}[ \t]{0,5}(?:[:=]|=>)[ \t]{0,5}["'`]?)(?:[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-f])/gi,
  },
  { name: 'json-web-token', pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{4,16384}\.[A-Za-z0-9_-]{0,2048}/g },
  {
    name: 'authorization-header',
    pattern:
      /((?:proxy-)?authorization["'`]{0,2}[ \t]{0,3}[:=][ \t]{0,3}["'`]?(?:(?:bearer|basic|token|apikey|digest)[ \t]{1,3})?)[^\s"'`,;]{6,8192}/gi,
  },
  { name: 'bearer-token', pattern: /((?<![A-Za-z0-9_])bearer[ \t]{1,3})[A-Za-z0-9._~+/=-]{16,8192}/gi },
  {
    name: 'url-credentials',
    pattern: /((?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}:\/\/)[^\s/:@"'`<>]{0,200}:[^\s/@"'`<>]{1,500}(?=@)/g,
  },
  {
    name: 'environment-variable',
    pattern:
      /((?<![A-Z0-9_])[A-Z0-9_]{0,60}(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|CREDENTIALS?)(?:_[A-Z0-9_]{1,40})?=["']?)[^\s"']{8,4096}/g,
  },
];
