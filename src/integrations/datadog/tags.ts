import { Failure } from '../../domain/failure.ts';

/** Marks everything at Datadog that is ours: nothing else is ever changed or removed. */
export const MANAGED = 'managed-by:suture';

/** Values of a tag in Datadog's comma-separated list, `key:value` each, in order; empty ones left out. */
export function tagValues(tags: string | undefined, key: string): readonly string[] {
  return (tags ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag.startsWith(`${key}:`))
    .map((tag) => tag.slice(key.length + 1))
    .filter((value) => value !== '');
}

/** A value that stands in a query or a tag as it is: Datadog's own alphabet of tags, or nothing is asked. */
export function tagValue(text: string, what: string): string {
  if (!/^[A-Za-z0-9_.:/-]{1,100}$/.test(text))
    throw new Failure(
      'configuration-invalid',
      `${what} ${JSON.stringify(text.slice(0, 60))} cannot be a tag at Datadog: letters, digits and _ . : / - only`,
    );
  return text;
}

/** The filter of a query for one service in one environment. */
export function scope(service: string, environment: string): string {
  return `service:${tagValue(service, 'the service')},env:${tagValue(environment, 'the environment')}`;
}
