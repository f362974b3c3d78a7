import { Failure } from '../../domain/failure.ts';
import type { ModelQuestion } from '../../domain/model-exchange.schema.ts';
import type { Finding, Integration, IntegrationContext, Model } from '../contract.ts';
import { createPhenoMlClient, type PhenoMlClient } from './client.ts';
import { PhenoMlConfig } from './config.schema.ts';

type Context = IntegrationContext<PhenoMlConfig>;

/** What is missing; null when a client can be made. */
function missing({ config, secret }: Context): string | null {
  if (config.baseUrl === undefined || config.agentId === undefined)
    return 'integrations.phenoml.baseUrl and integrations.phenoml.agentId are not set';
  const absent = ['phenoml-client-id', 'phenoml-client-secret'].filter((name) => secret(name)[0] === undefined);
  return absent.length === 0 ? null : `missing: the secrets ${absent.join(' and ')}`;
}

function clientOf({ config, secret }: Context): PhenoMlClient {
  return createPhenoMlClient({
    baseUrl: config.baseUrl ?? '',
    agentId: config.agentId ?? '',
    timeoutMs: config.timeoutMs,
    credentials: () => ({ id: secret('phenoml-client-id')[0] ?? '', secret: secret('phenoml-client-secret')[0] ?? '' }),
    now: () => Date.now(),
  });
}

/** One message that says it all: an agent has no place for instructions of ours, and no schema. */
function messageOf({ instructions, input, schema }: ModelQuestion): string {
  const form =
    schema === undefined ? '' : `\n\nAnswer with one JSON value of this JSON schema and nothing else:\n${JSON.stringify(schema.schema)}`;
  return `${instructions}${form}\n\n${input}`;
}

/** PhenoML, an agent platform for healthcare, as a source of plain text. */
export const phenoml: Integration<typeof PhenoMlConfig> = {
  id: 'phenoml',
  name: 'PhenoML agents (plain text)',
  docs: 'docs/models.md',
  configSchema: PhenoMlConfig,
  model(context): Model | null {
    if (missing(context) !== null) return null;
    const client = clientOf(context);
    const name = `phenoml/${context.config.agentId ?? ''}`.slice(0, 100);
    return {
      name,
      price: null,
      ask: async (question, signal) => ({ kind: 'text', text: await client.chat(messageOf(question), signal), model: name, usage: null }),
    };
  },
  async doctor(context): Promise<readonly Finding[]> {
    const what = missing(context);
    if (what !== null) return [{ name: 'set-up', ok: false, detail: what }];
    try {
      await clientOf(context).token();
      return [{ name: 'credentials', ok: true, detail: 'PhenoML gave a token; whether the agent answers shows at the first question' }];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return [{ name: 'credentials', ok: false, detail: error.message }];
    }
  },
};
