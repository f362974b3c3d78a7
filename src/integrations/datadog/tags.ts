/** Values of a tag in Datadog's comma-separated list, `key:value` each, in order; empty ones left out. */
export function tagValues(tags: string | undefined, key: string): readonly string[] {
  return (tags ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag.startsWith(`${key}:`))
    .map((tag) => tag.slice(key.length + 1))
    .filter((value) => value !== '');
}
