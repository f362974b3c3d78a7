import type { Sandbox } from '../sandbox/contract.ts';
import { type AgentPlace, connectAgent } from './client.ts';
import type { Reasoner } from './contract.ts';
import { remoteExecutor } from './executor/client.ts';
import { executorSandbox } from './executor/sandbox.ts';
import { remoteReasoner } from './reasoner/client.ts';

/** Where the configuration has an agent: at an address, as a program, or, with neither, in this process. */
export interface PlaceConfig {
  readonly url?: string | undefined;
  readonly command?: readonly string[] | undefined;
}

/** What reaching it takes of ours. */
export interface Reaching {
  readonly token: () => string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a program of an agent's own gets of our environment: what programs need to run at all. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ'] as const;

function placeOf({ url, command }: PlaceConfig, { token, env: all }: Reaching): AgentPlace | null {
  if (url !== undefined) return { url, token };
  const [program, ...args] = command ?? [];
  if (program === undefined) return null;
  const env = Object.fromEntries(PASSED_ON.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
  return { command: [program, ...args], env };
}

/** The reasoner that the configuration names, behind one port. */
export function openReasoner(
  config: PlaceConfig & { readonly timeoutSeconds: number },
  given: Reaching & { readonly inProcess: Reasoner },
): Reasoner & { close(): Promise<void> } {
  const place = placeOf(config, given);
  if (place !== null) return remoteReasoner(place, { timeoutMs: config.timeoutSeconds * 1000 });
  return { ...given.inProcess, close: () => Promise.resolve() };
}

/** The sandbox of the executor that the configuration names; null where it names none, and jobs run in the sandboxes of this process. */
export function openExecutorSandbox(config: PlaceConfig, reaching: Reaching): (Sandbox & { close(): Promise<void> }) | null {
  const place = placeOf(config, reaching);
  if (place === null) return null;
  const executor = remoteExecutor(place);
  return { ...executorSandbox(executor), close: () => executor.close() };
}

/** Where the reasoner is that the configuration names, when it answers there; null where it names none. Throws `Failure`. */
export async function reachReasoner(config: PlaceConfig, reaching: Reaching): Promise<string | null> {
  const place = placeOf(config, reaching);
  if (place === null) return null;
  const agent = connectAgent('reasoner', place);
  try {
    await agent.reach(['diagnose', 'propose_fix']);
  } finally {
    await agent.close();
  }
  return 'url' in place ? place.url : place.command.join(' ');
}
