import { createHash } from 'node:crypto';

/** Takes out of a text what differs between two sightings of one fault: ids, shas, times, numbers, line numbers, absolute paths. */
export function normaliseFailureText(text: string): string {
  return text
    .toLowerCase()
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '#')
    .replace(/\b0x[0-9a-f]+\b/g, '#')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b/g, '#')
    .replace(/(?:\/[\w.@+-]+)+\//g, '')
    .replace(/\d+/g, '#')
    .replace(/#(?:[:.,\-t]*#)+z?/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
}

/** What makes two failures the same: repository, command, failing tests and service, without ids, paths, times, line numbers or order. 16 hex digits. */
export function signatureOf(input: {
  readonly repo: { readonly owner: string; readonly name: string };
  readonly command: string;
  readonly failingTests: readonly string[];
  readonly service?: string | undefined;
}): string {
  const tests = [...new Set(input.failingTests.map(normaliseFailureText))].sort();
  const parts = [`${input.repo.owner}/${input.repo.name}`.toLowerCase(), normaliseFailureText(input.command), ...tests];
  // Tests tell more than the service does: the same tests red for two services are one fault.
  if (tests.length === 0 && input.service !== undefined) parts.push(input.service.toLowerCase());
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
