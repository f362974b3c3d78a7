import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../domain/failure.ts';
import { ModelQuestion, ModelReply } from '../../domain/model-exchange.schema.ts';
import { createAtomically } from '../../lib/atomic-file.ts';
import { readTextIfThere } from '../../lib/read-if-there.ts';
import { stableJson } from '../../lib/stable-json.ts';
import type { Model } from '../contract.ts';

/** A question that a model was asked once, and what it said. */
const Exchange = z.object({ question: ModelQuestion, reply: ModelReply });

/** Names a question by what it says, as `questionFingerprint` of the strategies does; 16 hex digits. */
function fileOf(folder: string, question: ModelQuestion): string {
  return join(folder, `${createHash('sha256').update(stableJson(question)).digest('hex').slice(0, 16)}.json`);
}

/** A model that says again what is recorded in a folder, one file for each question, and costs nothing. Throws `Failure` code `not-permitted` for a question that nobody recorded. */
export function createRecordedModel(folder: string): Model {
  return {
    name: 'recorded',
    price: null,
    async ask(question) {
      const path = fileOf(folder, question);
      const text = await readTextIfThere(path);
      if (text === null) throw new Failure('not-permitted', `nobody recorded an answer to this question: there is no ${path}`);
      try {
        return Exchange.parse(JSON.parse(text)).reply;
      } catch (error) {
        throw new Failure('not-permitted', `${path} holds no recorded answer: remove it`, { cause: error });
      }
    },
  };
}

/** The same model, whose answers are kept in a folder for a recorded one; the first answer to a question stays. */
export function recording(model: Model, folder: string): Model {
  return {
    ...model,
    async ask(question, signal) {
      const reply = await model.ask(question, signal);
      await createAtomically(fileOf(folder, question), `${JSON.stringify({ question, reply }, null, 2)}\n`);
      return reply;
    },
  };
}
