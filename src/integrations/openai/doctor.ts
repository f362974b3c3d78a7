import { Failure } from '../../domain/failure.ts';
import type { Finding, IntegrationContext } from '../contract.ts';
import { openClient } from './client.ts';
import type { OpenAiConfig } from './config.schema.ts';
import { openAiFailure } from './failure.ts';
import { keyOf, whereOf } from './model.ts';

async function reach(context: IntegrationContext<OpenAiConfig>, key: string): Promise<Finding> {
  const { config } = context;
  const where = whereOf(config);
  try {
    const client = await openClient(config, key);
    // Costs nothing. Azure lists what a deployment can be made of, not the deployments.
    const names: string[] = [];
    for await (const model of client.models.list()) if (names.push(model.id) >= 1_000) break;
    if (config.azure !== undefined || names.includes(config.model)) return { name: 'model', ok: true, detail: `${where} takes the key` };
    const known = names.slice(0, 5).join(', ');
    return {
      name: 'model',
      ok: false,
      detail: `${where} has no model ${config.model}; it has ${known || 'none'}: correct integrations.openai.model`,
    };
  } catch (error) {
    const failure = error instanceof Failure ? error : openAiFailure(error, { cancelled: false, where, now: Date.now() });
    return { name: 'model', ok: false, detail: failure.message };
  }
}

/** Whether a question would be taken, without asking one. */
export async function openAiDoctor(context: IntegrationContext<OpenAiConfig>): Promise<readonly Finding[]> {
  const { config } = context;
  const key = keyOf(context);
  if (key === null) return [{ name: 'key', ok: false, detail: 'the secret openai-api-key is missing: no model is asked' }];
  const { input, cachedInput, output } = config.price;
  return [
    await reach(context, key),
    {
      name: 'price',
      ok: true,
      detail: `${config.model}: ${input} US dollars for a million tokens in, ${cachedInput} for cached ones, ${output} for those out`,
    },
  ];
}
