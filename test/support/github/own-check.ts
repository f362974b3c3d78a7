import { readFile } from 'node:fs/promises';
import { OpenAPIBackend } from 'openapi-backend';
import type { Json } from './wire.ts';

const SPECS = new URL('../../../../shared/specs/', import.meta.url);
const OPTIONS = { quick: true, ajvOpts: { strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true } } as const;

/** Says what the published specification finds wrong with the stand-in itself. */
export interface OwnCheck {
  answer(method: string, path: string, status: number, body: Json): readonly string[];
  event(event: string, action: string | null, payload: Json): readonly string[];
}

interface Complaint {
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: unknown;
}

/** The value that a complaint is about. */
const at = (body: Json, path: string): Json =>
  path
    .split('/')
    .slice(1)
    .reduce((value: Json, key) => value?.[key], body);

/** Complaints without the noise of alternatives; the pruned document lost `null` from the values of enumerations. */
function listed(name: string, errors: unknown, body: Json): readonly string[] {
  return ((errors ?? []) as readonly Complaint[])
    .filter(
      ({ message = '', instancePath = '' }) =>
        !/ in |schema|should match/.test(message) && !(/allowed values|must be/.test(message) && at(body, instancePath) === null),
    )
    .map((error) => `${name}: ${error.instancePath?.replace(/\/\d+(?=\/|$)/g, '/n')} ${error.message} ${JSON.stringify(error.params)}`);
}

/** Checks of answers and events against GitHub's specification; null when it is not there. Loading takes a second. */
export async function ownCheck(): Promise<OwnCheck | null> {
  const [rest, hooks] = await Promise.all(
    ['github.json', 'github-webhooks.json'].map((name) => readFile(new URL(name, SPECS), 'utf8').catch(() => null)),
  );
  if (typeof rest !== 'string' || typeof hooks !== 'string') return null;
  const answers = new OpenAPIBackend({ definition: JSON.parse(rest) as never, ...OPTIONS });
  const { 'x-webhooks': events, ...document } = JSON.parse(hooks) as Json;
  const paths = Object.fromEntries(
    Object.entries(events).map(([name, entry]) => [`/${name}`, { post: { ...(entry as Json).post, parameters: [] } }]),
  );
  const told = new OpenAPIBackend({ definition: { ...document, paths }, ...OPTIONS });
  await Promise.all([answers.init(), told.init()]);
  return {
    answer(method, path, status, body) {
      const operation: Json = answers.matchOperation({ method, path, headers: {} });
      if (operation === undefined || !Object.hasOwn(operation.responses, String(status)))
        return operation === undefined ? [] : [`${method} ${operation.path}: never answers ${status}`];
      if (body === null || Buffer.isBuffer(body)) return [];
      return listed(`${method} ${operation.path} ${status}`, answers.validateResponse(body, operation, status).errors, body);
    },
    event(event, action, payload) {
      const name = [event, ...(action === null ? [] : [action])].join('-').replaceAll('_', '-');
      const operation: Json = told.matchOperation({ method: 'post', path: `/${name}`, headers: {} });
      if (operation === undefined) return [];
      return listed(
        name,
        told.validateRequest(
          { method: 'post', path: `/${name}`, headers: { 'content-type': 'application/json' }, body: payload },
          operation,
        ).errors,
        { requestBody: payload },
      );
    },
  };
}
