import { createHash } from 'node:crypto';
import type { Complaint, Frame } from './log-digest.schema.ts';
import { templateOf } from './template.ts';

/** Takes out of a text what differs between two sightings of one fault: ids, shas, times, numbers, line numbers, folders. */
export function normaliseFailureText(text: string): string {
  return templateOf(text.toLowerCase());
}

/** What a tool complains of, wherever the line stands now. */
function complaintText({ tool, rule, path, message }: Complaint): string {
  return [tool, rule ?? '', path ?? '', message].map(normaliseFailureText).join('|');
}

/** What makes two failures the same: repository, command, failing tests and service, without ids, folders, times, line numbers or order. 16 hex digits. */
export function signatureOf(input: {
  readonly repo: { readonly owner: string; readonly name: string };
  readonly command: string;
  readonly failingTests: readonly string[];
  readonly service?: string | undefined;
  /** What tools complain of, and the stack of the error: they count where no test is named. */
  readonly complaints?: readonly Complaint[];
  readonly frames?: readonly Frame[];
}): string {
  const { repo, command, failingTests, service, complaints = [], frames = [] } = input;
  const distinct = (texts: readonly string[]) => [...new Set(texts)].sort();
  const tests = distinct(failingTests.map(normaliseFailureText));
  const parts = [`${repo.owner}/${repo.name}`.toLowerCase(), normaliseFailureText(command), ...tests];
  if (tests.length === 0) {
    parts.push(...distinct(complaints.map(complaintText)));
    // The innermost frame in the repository is where it went wrong; how it got there may differ.
    const [frame] = frames;
    if (complaints.length === 0 && frame !== undefined) parts.push(normaliseFailureText(frame.path));
    // Tests tell more than the service does: the same tests red for two services are one fault.
    if (service !== undefined) parts.push(service.toLowerCase());
  }
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
