import { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { type ModelAnswer, ModelQuestion, type ModelReply, ModelUsage } from '../domain/model-exchange.schema.ts';
import { ArtifactRef } from '../domain/names.schema.ts';
import type { Model, ModelPrice } from '../integrations/contract.ts';
import { oneLine } from '../lib/one-line.ts';
import { activityContext } from './activity-context.ts';
import { audit } from './audit.ts';
import { setAside } from './budget.ts';
import type { Activities } from './contract.ts';
import type { ActivityDeps } from './deps.ts';
import { readDossier } from './dossier.ts';
import { getJson, putJson } from './stored.ts';

/** How long a model that is away is asked again before the healing goes on without it, in milliseconds: less than the repeats of the activity take, so that what was set aside is given back. */
const PATIENCE_MS = 10 * 60_000;

/** Bytes of a token at least, in what people write and programs print; the mean is about 4 characters. */
const BYTES_PER_TOKEN = 3;
const CHARACTERS_PER_TOKEN = 4;

/** What is remembered of a call: enough to charge and to record it after whatever happened in between. */
const Asked = z.object({
  answer: ArtifactRef,
  reply: z.enum(['text', 'refused', 'incomplete', 'unavailable']),
  model: z.string(),
  usage: ModelUsage,
  usd: z.number().nonnegative(),
  why: z.string().optional(),
});
type Asked = z.infer<typeof Asked>;

/** Characters of an answer that are kept: several times the longest that is asked for. */
const MAX_TEXT = 1_000_000;

const NOTHING: ModelUsage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0 };

/** Money for a call, in US dollars. */
function cost(usage: ModelUsage, price: ModelPrice | null): number {
  if (price === null) return 0;
  const cached = Math.min(usage.cachedTokens, usage.inputTokens);
  return ((usage.inputTokens - cached) * price.input + cached * price.cachedInput + usage.outputTokens * price.output) / 1e6;
}

const wordsOf = ({ instructions, input, schema }: ModelQuestion): string => instructions + input + (schema ? JSON.stringify(schema) : '');

/** The most that a question can use. */
function worstCase(question: ModelQuestion): ModelUsage {
  const inputTokens = Math.ceil(Buffer.byteLength(wordsOf(question)) / BYTES_PER_TOKEN);
  return { inputTokens, cachedTokens: 0, outputTokens: question.maxOutputTokens };
}

/** What a call used where the vendor does not say. */
function estimated(question: ModelQuestion, reply: ModelReply): ModelUsage {
  const text = reply.kind === 'refused' ? reply.detail : reply.text;
  const tokens = (characters: number) => Math.ceil(characters / CHARACTERS_PER_TOKEN);
  return { inputTokens: tokens(wordsOf(question).length), cachedTokens: 0, outputTokens: tokens(text.length) };
}

/** Whether it was tried for long enough, or would be before the vendor wants to be asked again. */
function patienceEnds(deps: ActivityDeps, failure: Failure): boolean {
  const since = activityContext()?.info.scheduledTimestampMs;
  return since !== undefined && deps.now().getTime() + (failure.retryAfterMs ?? 0) - since > PATIENCE_MS;
}

type Reply = ModelAnswer['reply'];

/** A reply as it can be stored and read back, whatever a vendor makes of its fields. */
function fitted(reply: ModelReply): ModelReply {
  const model = oneLine(reply.model, 100);
  return reply.kind === 'refused'
    ? { ...reply, model, detail: oneLine(reply.detail, 500) }
    : { ...reply, model, text: reply.text.slice(0, MAX_TEXT) };
}

/** Asks; that nobody can be asked is an answer, that nobody answers now is worth another try for a while. */
async function ask(deps: ActivityDeps, model: Model, question: ModelQuestion): Promise<Reply> {
  const signal = activityContext()?.cancellationSignal;
  try {
    return fitted(await model.ask(question, signal));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const away = error.code === 'model-unavailable' || error.code === 'rate-limited';
    if (error.code !== 'not-permitted' && !(away && patienceEnds(deps, error))) throw error;
    return { kind: 'unavailable', detail: oneLine(deps.redact(error.message), 500) };
  }
}

async function remembered(deps: ActivityDeps, record: string): Promise<Asked | null> {
  const text = await deps.records.get(record);
  return text === null ? null : Asked.parse(JSON.parse(text));
}

/** Stores what was said before anything else is done with it: from here on a repeat asks nobody. */
async function remember(deps: ActivityDeps, record: string, asked: Omit<Asked, 'answer' | 'reply'>, reply: Reply): Promise<Asked> {
  const answer = await putJson(deps, reply);
  return Asked.parse(JSON.parse(await deps.records.putOnce(record, JSON.stringify({ ...asked, answer, reply: reply.kind }))));
}

function inWords({ model, usage, usd, reply, why }: Asked): string {
  if (reply === 'unavailable') return oneLine(`no model answered: ${why ?? ''}`, 300);
  const money = usd === 0 ? '' : `, ${usd.toFixed(4)} US dollars`;
  return `${oneLine(model, 100)}: ${reply}, ${usage.inputTokens} tokens in, ${usage.outputTokens} out${money}`;
}

/** Questions to a model, each asked and charged once. */
export function askModelActivities(deps: ActivityDeps): Pick<Activities, 'askModel'> {
  return {
    async askModel({ key, healingId, dossier: ref, question: asking, raised }) {
      const record = `model/${key}`;
      const question = await getJson(deps, asking, ModelQuestion);
      const dossier = await readDossier(deps, ref);
      const { model } = deps;
      let asked = await remembered(deps, record);
      if (asked === null && model === null) {
        const why = 'no model is configured';
        asked = await remember(deps, record, { model: 'none', usage: NOTHING, usd: 0, why }, { kind: 'unavailable', detail: why });
      }
      if (asked === null && model !== null) {
        const most = worstCase(question);
        const amounts = { tokens: most.inputTokens + most.outputTokens, usd: cost(most, model.price) };
        const reserved = await setAside(deps, { key, healingId, dossier, amounts, raised });
        if (reserved.kind === 'over-budget') return reserved;
        const reply = await ask(deps, model, question);
        const usage = reply.kind === 'unavailable' ? NOTHING : (reply.usage ?? estimated(question, reply));
        const why = reply.kind === 'unavailable' ? { why: reply.detail } : {};
        const name = reply.kind === 'unavailable' ? model.name : reply.model;
        asked = await remember(deps, record, { model: name, usage, usd: cost(usage, model.price), ...why }, reply);
      }
      if (asked === null) throw new Failure('bug', 'a question to a model has neither an answer nor somebody to ask');
      const tokens = asked.usage.inputTokens + asked.usage.outputTokens;
      await deps.budget.settle(key, { tokens, usd: asked.usd });
      await audit(deps, {
        key: `${key}/model`,
        action: 'model-asked',
        healingId,
        facts: {
          purpose: question.purpose,
          model: asked.model,
          reply: asked.reply,
          inputTokens: asked.usage.inputTokens,
          cachedTokens: asked.usage.cachedTokens,
          outputTokens: asked.usage.outputTokens,
          usd: asked.usd,
          question: asking.sha256,
          answer: asked.answer.sha256,
          answerSize: asked.answer.size,
        },
      });
      return { kind: 'answered', answer: asked.answer, detail: inWords(asked), tokens, usd: asked.usd };
    },
  };
}
