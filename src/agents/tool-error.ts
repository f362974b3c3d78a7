import type { CallToolResult } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { FAILURES, Failure, type FailureCode } from '../domain/failure.ts';

/** Where a failed call carries what a program needs to know of it. */
export const FAILURE_KEY = 'suture/failure';

const CODES = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

/** What a failed call says to programs. */
export const ToolFailure = z.object({ code: z.enum(CODES), retry: z.boolean(), retryAfterMs: z.number().nonnegative().optional() });

/** A failed call: words for people and models, the code for programs. */
export function toolError(failure: Failure, redact: (text: string) => string): CallToolResult {
  const { code, retryAfterMs } = failure;
  const { retry } = FAILURES[code];
  return {
    isError: true,
    content: [{ type: 'text', text: `${code}: ${redact(failure.message)}` }],
    _meta: { [FAILURE_KEY]: { code, retry, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } },
  };
}

/** What went wrong, said again as a failure; null when the call did not say it in our words. */
export function failureOf(result: Pick<CallToolResult, '_meta' | 'content'>): Failure | null {
  const read = ToolFailure.safeParse(result._meta?.[FAILURE_KEY]);
  if (!read.success) return null;
  const [first] = result.content;
  const said = first?.type === 'text' ? first.text : '';
  const { code, retryAfterMs } = read.data;
  const message = said.startsWith(`${code}: `) ? said.slice(code.length + 2) : said;
  return new Failure(code, message.slice(0, 1_000), retryAfterMs === undefined ? {} : { retryAfterMs });
}
