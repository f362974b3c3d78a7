import type { AgentPlace } from './client.ts';
import type { Reasoner } from './contract.ts';
import { remoteReasoner } from './reasoner/client.ts';

/** Where the configuration has the reasoner: at an address, as a program, or, with neither, in this process. */
export interface ReasonerConfig {
  readonly url?: string | undefined;
  readonly command?: readonly string[] | undefined;
  readonly timeoutSeconds: number;
}

/** What a program of the reasoner's own gets of our environment: what programs need to run at all. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ'] as const;

/** The reasoner that the configuration names, behind one port. */
export function openReasoner(
  { url, command, timeoutSeconds }: ReasonerConfig,
  given: {
    readonly inProcess: Reasoner;
    readonly token: () => string | undefined;
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): Reasoner & { close(): Promise<void> } {
  const [program, ...args] = command ?? [];
  const env = Object.fromEntries(PASSED_ON.flatMap((name) => (given.env[name] === undefined ? [] : [[name, given.env[name]]])));
  const place: AgentPlace | null =
    url !== undefined ? { url, token: given.token } : program !== undefined ? { command: [program, ...args], env } : null;
  if (place !== null) return remoteReasoner(place, { timeoutMs: timeoutSeconds * 1000 });
  return { ...given.inProcess, close: () => Promise.resolve() };
}
