import type { ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import type { ModelQuestion, ModelReply } from '../../domain/model-exchange.schema.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { OpenAiConfig } from './config.schema.ts';

const count = z.number().int().nonnegative();

/** What is read of a response; compatible servers leave things out. */
const Answer = z.object({
  model: z.string().optional(),
  status: z.string().optional(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  output: z
    .array(
      z.object({
        type: z.string(),
        content: z.array(z.object({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() })).nullish(),
      }),
    )
    .default([]),
  usage: z
    .object({
      input_tokens: count,
      output_tokens: count,
      input_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
    })
    .nullish(),
});

/** A question as the Responses API takes it: no tools, nothing kept there. */
export function responsesRequest(config: OpenAiConfig, question: ModelQuestion): ResponseCreateParamsNonStreaming {
  const { schema } = question;
  return {
    model: config.model,
    instructions: question.instructions,
    input: question.input,
    max_output_tokens: question.maxOutputTokens,
    store: false,
    ...(schema === undefined ? {} : { text: { format: { type: 'json_schema', name: schema.name, schema: schema.schema, strict: true } } }),
    ...(config.effort === undefined ? {} : { reasoning: { effort: config.effort } }),
  };
}

/** What the answer comes to. Throws `Failure` code `model-unavailable` for one that is none. */
export function readResponse(body: unknown, asked: string): ModelReply {
  const parsed = Answer.safeParse(body);
  if (!parsed.success) throw new Failure('model-unavailable', 'the model answered what is no response');
  const { status = 'completed', error, incomplete_details: cut, output, usage: used } = parsed.data;
  const usage =
    used == null
      ? null
      : { inputTokens: used.input_tokens, cachedTokens: used.input_tokens_details?.cached_tokens ?? 0, outputTokens: used.output_tokens };
  const model = oneLine(parsed.data.model ?? asked, 100);
  const parts = output.filter(({ type }) => type === 'message').flatMap(({ content }) => content ?? []);
  const text = parts.map((part) => (part.type === 'output_text' ? (part.text ?? '') : '')).join('');
  if (status === 'incomplete')
    return { kind: 'incomplete', reason: cut?.reason === 'content_filter' ? 'filter' : 'length', text, model, usage };
  if (status !== 'completed')
    throw new Failure('model-unavailable', `the model ended as ${oneLine(`${status} ${error?.code ?? ''} ${error?.message ?? ''}`, 200)}`);
  const refusal = parts.find(({ type }) => type === 'refusal');
  if (refusal !== undefined) return { kind: 'refused', detail: oneLine(refusal.refusal ?? '', 500), model, usage };
  return { kind: 'text', text, model, usage };
}
