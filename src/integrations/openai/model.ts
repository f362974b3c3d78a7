import type OpenAI from 'openai';
import type { IntegrationContext, Model } from '../contract.ts';
import { chatRequest, readCompletion } from './chat.ts';
import { openClient } from './client.ts';
import { OPENAI_URL, type OpenAiConfig } from './config.schema.ts';
import { isFiltered, openAiFailure } from './failure.ts';
import { readResponse, responsesRequest } from './responses.ts';

/** The key; a server of one's own may want none. Null where one is needed and not held. */
export function keyOf({ config, secret }: Pick<IntegrationContext<OpenAiConfig>, 'config' | 'secret'>): string | null {
  const [key] = secret('openai-api-key');
  return key ?? (config.azure === undefined && config.baseUrl !== OPENAI_URL ? 'none' : null);
}

/** Host of the server, for messages. */
export function whereOf(config: OpenAiConfig): string {
  return new URL(config.azure?.endpoint ?? config.baseUrl).host;
}

/** A model behind OpenAI's wire; null where its key is not held. */
export function createOpenAiModel(context: IntegrationContext<OpenAiConfig>): Model | null {
  const { config } = context;
  if (keyOf(context) === null) return null;
  let opened: { readonly key: string; readonly client: Promise<OpenAI> } | undefined;
  const client = (): Promise<OpenAI> => {
    // A key may have been changed since.
    const key = keyOf(context) ?? 'none';
    if (opened?.key !== key) opened = { key, client: openClient(config, key) };
    return opened.client;
  };
  return {
    name: config.model,
    price: config.price,
    async ask(question, signal) {
      const options = signal === undefined ? {} : { signal };
      try {
        const api = await client();
        return config.api === 'chat'
          ? readCompletion(await api.chat.completions.create(chatRequest(config, question), options), config.model)
          : readResponse(await api.responses.create(responsesRequest(config, question), options), config.model);
      } catch (error) {
        if (isFiltered(error))
          return { kind: 'refused', detail: 'a filter of the vendor stopped the question', model: config.model, usage: null };
        throw openAiFailure(error, { cancelled: signal?.aborted === true, where: whereOf(config), now: Date.now() });
      }
    },
  };
}
