import { parseOutsideJson } from '../../lib/safe-json.ts';
import type { RawRequest } from '../contract.ts';
import type { SlackConfig } from './config.schema.ts';
import { AnyPayload, formOf } from './payload.ts';

const TEXT = 'Your click was received, but it could not be stored. Nothing was done; please press the button again in a minute.';

/** Where a click may be answered: below the configured address and nowhere else, for the payload could name any. Null for every other. */
export function answerUrl(given: string | undefined, hooksUrl: string): string | null {
  if (given === undefined || !URL.canParse(given)) return null;
  const url = new URL(given);
  const allowed = new URL(hooksUrl);
  if (url.origin !== allowed.origin || !url.pathname.startsWith(allowed.pathname)) return null;
  return url.username === '' && url.password === '' ? url.href : null;
}

/** Tells the one who clicked, and nobody else, that nothing came of it. Never throws: there is nobody left to tell. */
export async function tellNotStored({ body }: RawRequest, config: Pick<SlackConfig, 'hooksUrl' | 'timeoutMs'>): Promise<void> {
  try {
    const json = parseOutsideJson(Buffer.from(formOf(body)?.get('payload') ?? ''));
    const url = answerUrl(json.ok ? AnyPayload.safeParse(json.value).data?.response_url : undefined, config.hooksUrl);
    if (url === null) return;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, text: TEXT }),
      redirect: 'error',
      signal: AbortSignal.timeout(config.timeoutMs),
    });
    await response.body?.cancel();
  } catch {
    // Slack is away, too; the card still shows its buttons.
  }
}
