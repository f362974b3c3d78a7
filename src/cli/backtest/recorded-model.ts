import { createHash } from 'node:crypto';
import { Failure } from '../../domain/failure.ts';
import { ModelReply } from '../../domain/model-exchange.schema.ts';
import type { Model } from '../../integrations/contract.ts';
import { stableJson } from '../../lib/stable-json.ts';
import type { ArtifactStore } from '../../store/contract.ts';
import type { RecordedAnswer } from './cases.ts';

/** A model that says again what was said then; a question that nobody asked then has no answer, and costs nothing. */
export function recordedModel(answers: ReadonlyMap<string, RecordedAnswer>, artifacts: ArtifactStore): Model {
  return {
    name: 'recorded',
    price: null,
    async ask(question) {
      const sha256 = createHash('sha256').update(stableJson(question)).digest('hex');
      const answer = answers.get(sha256);
      if (answer === undefined)
        throw new Failure('not-permitted', 'this question was not asked then, so there is no recorded answer to it');
      const bytes = await artifacts.get({ ...answer, mediaType: 'application/json' });
      const reply = ModelReply.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
      if (!reply.success) throw new Failure('not-permitted', 'nobody could be asked then');
      return reply.data;
    },
  };
}
