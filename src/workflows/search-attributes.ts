import { upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributeName } from '../domain/search-attributes.ts';
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts';

/** Values to show; null removes one. */
export type SearchAttributeValues = Readonly<Partial<Record<SearchAttributeName, string | number | null>>>;

/** Upserts only what changed against `before` and returns what holds now, so that history gets no empty event. */
export function showSearchAttributes(before: SearchAttributeValues, now: SearchAttributeValues): SearchAttributeValues {
  const names = Object.keys(now) as SearchAttributeName[];
  const changed = names.filter((name) => (before[name] ?? null) !== (now[name] ?? null));
  if (changed.length > 0) {
    upsertSearchAttributes(
      changed.map((name) =>
        SEARCH_ATTRIBUTES[name] === 'Int'
          ? { key: { name, type: 'INT' as const }, value: (now[name] ?? null) as number | null }
          : { key: { name, type: 'KEYWORD' as const }, value: (now[name] ?? null) as string | null },
      ),
    );
  }
  return { ...before, ...now };
}
