import { readFile } from 'node:fs/promises';
import { OpenAPIBackend } from 'openapi-backend';

/** Where the project keeps Datadog's published specifications, beside the checkout; they need not be there. */
const SPECS = ['v1', 'v2'].map((version) => new URL(`../../../../shared/specs/datadog-${version}.json`, import.meta.url));

/** Says what is wrong with a call; nothing when it is as Datadog's specification has it. */
export type SpecCheck = (call: {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}) => readonly string[];

let loaded: Promise<SpecCheck | null> | undefined;

/** The check, loaded once for the process; null when the specifications are not there. */
export function specCheck(): Promise<SpecCheck | null> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<SpecCheck | null> {
  const backends: OpenAPIBackend[] = [];
  for (const spec of SPECS) {
    const text = await readFile(spec, 'utf8').catch(() => null);
    if (text === null) return null;
    const backend = new OpenAPIBackend({
      definition: JSON.parse(text) as never,
      quick: true,
      ajvOpts: { strict: false, validateFormats: false, unicodeRegExp: false, coerceTypes: true },
    });
    await backend.init();
    backends.push(backend);
  }
  return ({ method, path, query, headers, body }) => {
    const request = { method, path, query: { ...query }, headers: { ...headers }, body };
    // The stored excerpt of the specification lacks schemas that dashboards refer to.
    if (path.startsWith('/api/v1/dashboard')) return [];
    const backend = backends[path.startsWith('/api/v1/') ? 0 : 1];
    if (backend?.matchOperation(request) === undefined) return [`${method} ${path}: no such operation`];
    const { errors } = backend.validateRequest(request);
    return (errors ?? []).map((error) => `${method} ${path}: ${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`);
  };
}
