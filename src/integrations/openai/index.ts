import type { Integration } from '../contract.ts';
import { OpenAiConfig } from './config.schema.ts';
import { openAiDoctor } from './doctor.ts';
import { createOpenAiModel } from './model.ts';

/** OpenAI, Azure OpenAI, and servers that speak as OpenAI does. */
export const openai: Integration<typeof OpenAiConfig> = {
  id: 'openai',
  name: 'OpenAI, Azure OpenAI or a compatible server',
  docs: 'docs/models.md',
  configSchema: OpenAiConfig,
  model: createOpenAiModel,
  doctor: openAiDoctor,
};
