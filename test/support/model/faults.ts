/** Ways in which a call has no answer, or one that is no use. */
export const MODEL_FAULTS = [
  'limit-retry-after-ms',
  'limit-retry-after',
  'limit-retry-after-date',
  'limit-reset-requests',
  'limit-reset-tokens',
  'limit-without-a-word',
  'quota',
  'unauthorized',
  'forbidden',
  'no-such-model',
  'bad-request',
  'filtered-question',
  'timeout-408',
  'conflict-409',
  'server-error-500',
  'bad-gateway-html-502',
  'unavailable-503',
  'reset',
  'reset-mid-body',
  'hang',
  'hang-mid-body',
  'truncated-json',
  'not-json',
  'other-shape',
  'too-long',
  'failed-status',
  'redirect',
] as const;
/** One of them. */
export type ModelFault = (typeof MODEL_FAULTS)[number];

/** A fault as a whole answer; null when it lies in the connection. */
export function faultAnswer(
  fault: ModelFault,
  now: number,
): { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown } | null {
  const error = (message: string, code: string | null, type = 'invalid_request_error') => ({ error: { message, type, param: null, code } });
  const limit = (headers: Readonly<Record<string, string>>) => ({
    status: 429,
    headers,
    body: error('Rate limit reached', 'rate_limit_exceeded', 'requests'),
  });
  switch (fault) {
    case 'limit-retry-after-ms':
      return limit({ 'retry-after-ms': '1500', 'retry-after': '2' });
    case 'limit-retry-after':
      return limit({ 'retry-after': '7' });
    case 'limit-retry-after-date':
      return limit({ 'retry-after': new Date(now + 90_000).toUTCString() });
    case 'limit-reset-requests':
      return limit({
        'x-ratelimit-limit-requests': '500',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '120ms',
        'x-ratelimit-remaining-tokens': '29000',
        'x-ratelimit-reset-tokens': '1m30s',
      });
    case 'limit-reset-tokens':
      return limit({
        'x-ratelimit-limit-tokens': '30000',
        'x-ratelimit-remaining-requests': '499',
        'x-ratelimit-reset-requests': '120ms',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '1m30s',
      });
    case 'limit-without-a-word':
      return limit({});
    case 'quota':
      return { status: 429, body: error('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota') };
    case 'unauthorized':
      return { status: 401, body: error('Incorrect API key provided: sk-st***key', 'invalid_api_key') };
    case 'forbidden':
      return { status: 403, body: error('Country not supported', 'unsupported_country_region_territory') };
    case 'no-such-model':
      return { status: 404, body: error('The model does not exist', 'model_not_found') };
    case 'bad-request':
      return { status: 400, body: error('This model has a maximum context length', 'context_length_exceeded') };
    case 'filtered-question':
      return { status: 400, body: error('The response was filtered', 'content_filter') };
    case 'timeout-408':
      return { status: 408, body: error('Timed out', null) };
    case 'conflict-409':
      return { status: 409, body: error('Conflict', null) };
    case 'server-error-500':
      return { status: 500, body: error('The server had an error', null, 'server_error') };
    case 'bad-gateway-html-502':
      return { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad Gateway' };
    case 'unavailable-503':
      return { status: 503, headers: { 'retry-after': '3' }, body: error('Overloaded', null, 'server_error') };
    case 'truncated-json':
      return { status: 200, body: '{"id":"resp_1","object":"resp' };
    case 'not-json':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>A portal</html>' };
    case 'other-shape':
      return { status: 200, body: { output: 'yes', choices: [] } };
    case 'failed-status':
      return { status: 200, body: { status: 'failed', error: { code: 'server_error', message: 'It failed' }, output: [], choices: [] } };
    case 'redirect':
      return { status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' }, body: '' };
    default:
      return null;
  }
}
