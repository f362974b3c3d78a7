import { readFile } from 'node:fs/promises';
import { OpenAPIBackend } from 'openapi-backend';
import type { Json } from '../github/wire.ts';

/** Where the project keeps OpenAI's published specification, beside the checkout; it need not be there. */
export const SPEC = new URL('../../../../shared/specs/openai.json', import.meta.url);

/** What is wrong with a request, or with an answer of the stand-in itself; nothing when both are as OpenAI's specification has them. */
export interface SpecCheck {
  request(call: { readonly method: string; readonly path: string; readonly body: Json }): readonly string[];
  response(call: { readonly method: string; readonly path: string }, body: Json, status: number): readonly string[];
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
  const backend = new OpenAPIBackend({
    definition: JSON.parse(text) as never,
    quick: true,
    ajvOpts: { strict: false, validateFormats: false, unicodeRegExp: false },
  });
  await backend.init();
  const said = (path: string, errors: ReadonlyArray<{ instancePath?: string; message?: string; params?: unknown }> | null | undefined) =>
    (errors ?? []).map((error) => `${path}: ${error.instancePath ?? ''} ${error.message ?? ''} ${JSON.stringify(error.params)}`);
  return {
    request({ method, path, body }) {
      const call = { method, path, headers: { 'content-type': 'application/json' }, query: {}, body };
      if (backend.matchOperation(call) === undefined) return [`${method} ${path}: no such operation`];
      return said(path, backend.validateRequest(call).errors);
    },
    response({ method, path }, body, status) {
      const operation = backend.matchOperation({ method, path, headers: {} });
      return operation === undefined ? [] : said(path, backend.validateResponse(body, operation, status).errors);
    },
  };
}
