import { readFile } from 'node:fs/promises';
import { OpenAPIBackend } from 'openapi-backend';
import type { Json } from './wire.ts';

/** Where the project keeps GitHub's published specification, beside the checkout; it need not be there. */
const SPEC = new URL('../../../../shared/specs/github.json', import.meta.url);

/** Operations of GitHub's whole specification that the extract beside the checkout leaves out. */
const LEFT_OUT = [/^GET \/orgs\/[^/]+\/teams\/[^/]+$/];

/** Says what is wrong with a request; nothing when it is as GitHub's specification has it. */
export type SpecCheck = (request: {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}) => readonly string[];

let loaded: Promise<SpecCheck | null> | undefined;

/** The check, loaded once for the process; null when the specification is not there. */
export function specCheck(): Promise<SpecCheck | null> {
  loaded ??= load();
  return loaded;
}

/** Fields that a schema knows; null when it takes any. */
function fieldsOf(schema: Json): ReadonlySet<string> | null {
  if (schema === null || typeof schema !== 'object') return null;
  const parts = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])].filter(
    (part: Json) => part.properties !== undefined || part.$ref === undefined,
  );
  if (schema.properties === undefined && parts.length === 0) return null;
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) return null;
  const names = new Set(Object.keys(schema.properties ?? {}));
  for (const part of parts) for (const name of fieldsOf(part) ?? []) names.add(name);
  return names;
}

async function load(): Promise<SpecCheck | null> {
  const text = await readFile(SPEC, 'utf8').catch(() => null);
  if (text === null) return null;
  const backend = new OpenAPIBackend({
    definition: JSON.parse(text) as never,
    quick: true,
    ajvOpts: { strict: false, validateFormats: false, unicodeRegExp: false },
  });
  await backend.init();
  // Finding one among a thousand paths costs more than all else here, and the same few are asked for again and again.
  const operations = new Map<string, Json>();
  return ({ method, path, query, headers, body }) => {
    const asked = { method, path, headers, query: Object.fromEntries(query), body };
    const place = `${method} ${path}`;
    const operation: Json = operations.get(place) ?? backend.matchOperation(asked);
    operations.set(place, operation);
    if (operation === undefined)
      return LEFT_OUT.some((known) => known.test(`${method} ${path}`)) ? [] : [`${method} ${path}: no such operation`];
    const name = `${method} ${operation.path}`;
    const found: string[] = [];
    const fields = fieldsOf(operation.requestBody?.content?.['application/json']?.schema);
    if (body !== null && typeof body === 'object' && !Array.isArray(body)) {
      if (operation.requestBody === undefined && Object.keys(body).length > 0) found.push(`${name}: takes no body`);
      if (fields !== null) for (const key of Object.keys(body)) if (!fields.has(key)) found.push(`${name}: unknown field ${key}`);
    }
    const result = backend.validateRequest(asked, operation);
    for (const error of result.errors ?? []) {
      // A path is text: made a number where that fits, it fits both of "a number or a text".
      if (error.keyword === 'oneOf' && error.instancePath.startsWith('/path/') && error.params['passingSchemas'] !== null) continue;
      found.push(`${name}: ${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`);
    }
    return found;
  };
}
