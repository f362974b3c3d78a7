import { readFile } from 'node:fs/promises';
import { OpenAPIBackend } from 'openapi-backend';
import type { Json } from '../github/wire.ts';

/** Where the project keeps Slack's published specification, beside the checkout; it need not be there. */
const SPEC = new URL('../../../../shared/specs/slack.json', import.meta.url);

/** Arguments that Slack documents today and that its published specification, of 2021, does not know. */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  'chat.postMessage': ['metadata'],
  'chat.update': ['metadata'],
  'conversations.history': ['include_all_metadata'],
  'conversations.replies': ['include_all_metadata'],
};

/** Says what is wrong with a call; nothing when it is as Slack's specification has it. */
export type SpecCheck = (call: {
  readonly method: string;
  readonly token: string | undefined;
  readonly args: Readonly<Record<string, string>>;
}) => readonly string[];

/** A form holds text; the schema says what it stands for. */
function typed(text: string, schema: Json): unknown {
  if (schema?.type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  if ((schema?.type === 'integer' || schema?.type === 'number') && text !== '' && Number.isFinite(Number(text))) return Number(text);
  return text;
}

let loaded: Promise<SpecCheck | null> | undefined;

/** The check, loaded once for the process; null when the specification is not there. */
export function specCheck(): Promise<SpecCheck | null> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<SpecCheck | null> {
  const text = await readFile(SPEC, 'utf8').catch(() => null);
  if (text === null) return null;
  const definition = JSON.parse(text) as Json;
  const backend = new OpenAPIBackend({
    definition: definition as never,
    quick: true,
    ajvOpts: { strict: false, validateFormats: false, unicodeRegExp: false },
  });
  await backend.init();
  return ({ method, token, args }) => {
    const path: Json = definition.paths[`/${method}`];
    if (path === undefined) return [`${method}: no such method`];
    const verb = path.post === undefined ? 'get' : 'post';
    const operation: Json = path[verb];
    const fields: Json =
      verb === 'post'
        ? (operation.requestBody?.content?.['application/x-www-form-urlencoded']?.schema?.properties ?? {})
        : Object.fromEntries((operation.parameters ?? []).map((each: Json) => [each.name, each.schema]));
    const found: string[] = [];
    const known: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(args)) {
      if (name in fields) known[name] = typed(value, fields[name]);
      else if (NEWER[method]?.includes(name) !== true) found.push(`${method}: unknown argument ${name}`);
    }
    // Every method takes its arguments as a form, those that only read as a query, too. The token goes in a header;
    // the specification has it there for some methods, and among the query's arguments for others.
    const tokenInQuery = (operation.parameters ?? []).some((each: Json) => each.in === 'query' && each.name === 'token');
    const asked =
      verb === 'post'
        ? {
            method: 'POST',
            path: `/${method}`,
            headers: { token: token ?? '', 'content-type': 'application/x-www-form-urlencoded' },
            query: {},
            body: known,
          }
        : {
            method: 'GET',
            path: `/${method}`,
            headers: { token: token ?? '' },
            query: { ...known, ...(tokenInQuery ? { token } : {}) } as never,
            body: undefined,
          };
    const result = backend.validateRequest(asked);
    for (const error of result.errors ?? [])
      found.push(`${method}: ${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`);
    return found;
  };
}
