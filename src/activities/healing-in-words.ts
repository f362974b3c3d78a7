import { oneLine } from '../lib/one-line.ts';
import type { ActivityDeps } from './deps.ts';

/** What a healing shows in plain redacted text, one fact a line; whoever puts it somewhere escapes it for that place. `long` adds its story. */
export async function inWords({ healings, redact }: ActivityDeps, id: string, long: boolean): Promise<string> {
  const view = await healings.view(id);
  if (view === null) return 'No healing is known for this.';
  const { approval, outcome, timeline } = view;
  const facts: ReadonlyArray<readonly [string, string | undefined]> = [
    ['State', outcome === undefined ? view.state : `${outcome.kind} (${outcome.reason})`],
    ['Cause', view.cause],
    ['Fix', view.strategy],
    ['Why', outcome?.detail],
    [
      'Waits for',
      approval === undefined ? undefined : `approval by ${approval.approvers.join(', ') || 'a maintainer'}: ${approval.reasons.join('; ')}`,
    ],
    ['History', healings.webUiUrl(id)],
  ];
  return [
    oneLine(redact(view.title), 200),
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${oneLine(redact(value), 400)}`])),
    ...(long ? timeline.slice(-20).map(({ at, text }) => `${at.slice(11, 19)} ${oneLine(redact(text), 200)}`) : []),
  ].join('\n');
}
