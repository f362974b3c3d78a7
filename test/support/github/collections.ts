/** A table of `emulate`, with its own way to be put back. */
export interface Collection {
  all(): readonly Record<string, never>[];
  snapshot(): { readonly items: readonly unknown[] };
  restore(saved: unknown): void;
}

const isCollection = (value: unknown): value is Collection =>
  typeof value === 'object' && value !== null && 'snapshot' in value && 'restore' in value && 'all' in value;

/**
 * The tables that `emulate` makes while `start` runs, by name. It can put its state back, but hands that out for emulators of one's own only; its
 * tables are made in a `Map` before it answers the first call, and there they are seen.
 */
export async function collectionsOf<T>(
  start: () => Promise<T>,
): Promise<{ readonly started: T; readonly collections: ReadonlyMap<string, Collection> }> {
  const collections = new Map<string, Collection>();
  const { set } = Map.prototype;
  Map.prototype.set = function seen(this: Map<unknown, unknown>, key: unknown, value: unknown) {
    if (typeof key === 'string' && key.startsWith('github.') && isCollection(value)) set.call(collections, key, value);
    return set.call(this, key, value);
  };
  try {
    const started = await start();
    if (collections.size === 0) throw new Error('the tables of emulate were not seen: it makes them in another way now');
    return { started, collections };
  } finally {
    Map.prototype.set = set;
  }
}
