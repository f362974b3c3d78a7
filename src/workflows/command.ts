import type { HealingSettings } from '../domain/settings.ts';
import type { Signal } from '../domain/signal.schema.ts';
import { act } from './activity-options.ts';
import { oneLine } from './plain.ts';

/** One command of a person at the forge, obeyed once; id `command/<owner>/<repo>/<delivery>`. */
export async function CommandWorkflow(input: {
  readonly signal: Signal;
  readonly settings: HealingSettings;
}): Promise<{ readonly kind: string; readonly detail: string }> {
  return await act(
    'obeyCommand',
    `${oneLine(input.signal.facts['command'] ?? 'command', 30)} by ${oneLine(input.signal.actor.id, 60)}`,
    input,
  );
}
