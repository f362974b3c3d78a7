import { nearest } from './near.ts';
import { SECRET_NAMES, secretVariable } from './secret-names.ts';

/** One environment variable that Suture reads. */
export interface EnvironmentVariable {
  readonly name: string;
  /** Where it goes in the configuration; null when it is read on its own. */
  readonly path: readonly string[] | null;
  readonly type: 'text' | 'number';
  readonly means: string;
}

function over(name: string, path: readonly string[], type: 'text' | 'number', means: string): EnvironmentVariable {
  return { name, path, type, means };
}

function alone(name: string, means: string): EnvironmentVariable {
  return { name, path: null, type: 'text', means };
}

/** Every variable of ours; a table, so that the documentation can list it and a misspelt one is noticed. */
export const ENVIRONMENT: readonly EnvironmentVariable[] = [
  alone('SUTURE_STATE_DIR', 'folder that holds all state; default: `.suture` in the current folder'),
  over('SUTURE_TEMPORAL_ADDRESS', ['temporal', 'address'], 'text', '`host:port` of a Temporal frontend instead of the dev server'),
  over('SUTURE_TEMPORAL_NAMESPACE', ['temporal', 'namespace'], 'text', 'Temporal namespace'),
  over('SUTURE_TEMPORAL_TASK_QUEUE', ['temporal', 'taskQueue'], 'text', 'Temporal task queue'),
  over('SUTURE_TEMPORAL_EXECUTABLE', ['temporal', 'executable'], 'text', 'path of the `temporal` executable'),
  over('SUTURE_TEMPORAL_PORT', ['temporal', 'port'], 'number', 'port of the dev server; 0 picks a free one'),
  over('SUTURE_TEMPORAL_UI_PORT', ['temporal', 'uiPort'], 'number', 'port of the Web UI; 0 picks a free one'),
  alone('SUTURE_WEB_UI_URL', 'base URL of the Temporal Web UI, for links in comments and on the command line'),
  over('SUTURE_INGRESS_HOST', ['ingress', 'host'], 'text', 'address that the ingress listens on'),
  over('SUTURE_INGRESS_PORT', ['ingress', 'port'], 'number', 'port of the ingress; 0 picks a free one'),
  over('SUTURE_AUTONOMY_CEILING', ['autonomyCeiling'], 'text', 'the most that any healing may do by itself'),
  alone('SUTURE_AGENT_TOKEN', 'bearer token of whom `suture agent` speaks for on its pipes; absent: the account at this terminal'),
  over('SUTURE_LOG_LEVEL', ['logLevel'], 'text', '`debug`, `info`, `warn` or `error`'),
  ...SECRET_NAMES.flatMap((name) => [
    alone(secretVariable(name), `the secret \`${name}\` instead of the file in the state folder`),
    alone(`${secretVariable(name)}_FILE`, `file that holds the secret \`${name}\``),
    alone(`${secretVariable(name)}_COMMAND`, `command that prints the secret \`${name}\``),
  ]),
];

/** What the environment says, laid out like the configuration file, with the variable behind each path. */
export interface FromEnvironment {
  readonly raw: Readonly<Record<string, unknown>>;
  /** Name of the variable by dotted path. */
  readonly names: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

/** Read the `SUTURE_*` variables. Empty ones count as unset; unknown names and numbers that are none are problems. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): FromEnvironment {
  const raw: Record<string, unknown> = {};
  const names = new Map<string, string>();
  const problems: string[] = [];
  for (const { name, path, type } of ENVIRONMENT) {
    const text = env[name]?.trim();
    if (path === null || text === undefined || text === '') continue;
    if (type === 'number' && !/^\d{1,9}$/.test(text)) {
      problems.push(`${name}: must be a whole number`);
      continue;
    }
    const value = type === 'number' ? Number(text) : text;
    const [section = '', key] = path;
    raw[section] = key === undefined ? value : { ...(raw[section] as object | undefined), [key]: value };
    names.set(path.join('.'), name);
  }
  const known = ENVIRONMENT.map((entry) => entry.name);
  for (const name of Object.keys(env).filter((each) => each.startsWith('SUTURE_') && !known.includes(each))) {
    const hint = nearest(name, known);
    problems.push(`${name}: unknown variable; ${hint === undefined ? 'unset it' : `did you mean ${hint}?`}`);
  }
  return { raw, names, problems };
}
