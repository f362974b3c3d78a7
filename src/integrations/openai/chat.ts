import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import type { ModelQuestion, ModelReply } from '../../domain/model-exchange.schema.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { OpenAiConfig } from './config.schema.ts';

const count = z.number().int().nonnegative();

/** What is read of a completion; compatible servers leave things out. */
const Completion = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
    })
    .nullish(),
});

/** A question as chat completions take it: no tools, nothing kept there. */
export function chatRequest(config: OpenAiConfig, question: ModelQuestion): ChatCompletionCreateParamsNonStreaming {
  const { schema } = question;
  return {
    model: config.model,
    messages: [
      { role: 'system', content: question.instructions },
      { role: 'user', content: question.input },
    ],
    [config.limitField]: question.maxOutputTokens,
    ...(schema === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { name: schema.name, schema: schema.schema, strict: true } } }),
    ...(config.effort === undefined ? {} : { reasoning_effort: config.effort }),
  };
}

/** What the answer comes to. Throws `Failure` code `model-unavailable` for one that is none. */
export function readCompletion(body: unknown, asked: string): ModelReply {
  const parsed = Completion.safeParse(body);
  const [choice] = parsed.data?.choices ?? [];
  if (!parsed.success || choice === undefined) throw new Failure('model-unavailable', 'the model answered what is no completion');
  const { usage: used } = parsed.data;
  const usage =
    used == null
      ? null
      : {
          inputTokens: used.prompt_tokens,
          cachedTokens: used.prompt_tokens_details?.cached_tokens ?? 0,
          outputTokens: used.completion_tokens,
        };
  const model = oneLine(parsed.data.model ?? asked, 100);
  const text = choice.message.content ?? '';
  if (choice.message.refusal != null && choice.message.refusal !== '')
    return { kind: 'refused', detail: oneLine(choice.message.refusal, 500), model, usage };
  if (choice.finish_reason === 'length') return { kind: 'incomplete', reason: 'length', text, model, usage };
  if (choice.finish_reason === 'content_filter') return { kind: 'incomplete', reason: 'filter', text, model, usage };
  return { kind: 'text', text, model, usage };
}
