import type { Client, Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts';

/** `IndexedValueType` of the server's API: Keyword 2, Int 3. */
const TYPES = { Keyword: 2, Int: 3 } as const;

/** Register our search attributes on a cluster where they are missing; all there already is fine. */
export async function ensureSearchAttributes(client: Client, namespace: string): Promise<void> {
  const operator = (client.connection as Connection).operatorService;
  const known = await operator.listSearchAttributes({ namespace });
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => known.customAttributes?.[name] === undefined);
  if (missing.length === 0) return;
  await operator.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, TYPES[type]])),
  });
}
