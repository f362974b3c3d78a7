import { FailureClass } from '../../domain/diagnosis.schema.ts';
import { ModelDecision } from '../../domain/model-decision.schema.ts';
import { oneLine } from '../../lib/one-line.ts';
import type { Unusable } from './edits.ts';

/** Files that a model may ask for. */
const MAX_FILES = 8;

/** A decision as a model answers it by schema: strict, so everything is required and nothing else allowed. */
export const DECISION_SCHEMA = {
  name: 'decision',
  schema: {
    type: 'object',
    properties: {
      class: { type: 'string', enum: [...FailureClass.options], description: 'What kind of failure it is.' },
      cause: { type: 'string', description: 'What broke, in one or two sentences.' },
      confidence: { type: 'number', description: 'From 0 to 1.' },
      files: { type: 'array', items: { type: 'string' }, description: 'Paths of at most 8 further files that must be seen.' },
      strategy: {
        type: 'string',
        enum: ['patch', 'none'],
        description: 'patch: change files; none: this cannot or must not be repaired so.',
      },
      why: { type: 'string', description: 'Why this strategy.' },
    },
    required: ['class', 'cause', 'confidence', 'files', 'strategy', 'why'],
    additionalProperties: false,
  },
} as const;

/** The first whole JSON object in a text; null when there is none. */
function objectIn(text: string): unknown {
  // Quadratic only in the number of opening braces outside an object, and answers are short.
  for (let from = text.indexOf('{'), tries = 0; from !== -1 && tries < 20; from = text.indexOf('{', from + 1), tries += 1) {
    let depth = 0;
    let quoted = false;
    for (let at = from; at < text.length; at += 1) {
      const character = text[at];
      if (quoted) {
        if (character === '\\') at += 1;
        else if (character === '"') quoted = false;
      } else if (character === '"') quoted = true;
      else if (character === '{') depth += 1;
      else if (character === '}') depth -= 1;
      if (depth > 0 || quoted) continue;
      try {
        return JSON.parse(text.slice(from, at + 1)) as unknown;
      } catch {
        break;
      }
    }
  }
  return null;
}

/** Reads a decision, with prose or a code fence around it or without. */
export function parseDecision(text: string): ModelDecision | Unusable {
  const value = objectIn(text.slice(0, 100_000));
  if (value === null) return { code: 'answer-not-json', detail: 'it is not JSON' };
  const parsed = ModelDecision.safeParse(value);
  if (parsed.success) {
    const { cause, why, files } = parsed.data;
    return { ...parsed.data, cause: oneLine(cause, 400), why: oneLine(why, 300), files: [...new Set(files)].slice(0, MAX_FILES) };
  }
  const [issue] = parsed.error.issues;
  return { code: 'answer-wrong-schema', detail: `${issue?.path.join('.') ?? ''}: ${oneLine(issue?.message ?? '', 150)}` };
}
