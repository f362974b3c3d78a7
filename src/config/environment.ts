/** Environment variables over the configuration file; a table, so that the documentation can list it. */
export const ENVIRONMENT = [
  { name: 'SUTURE_TEMPORAL_ADDRESS', path: ['temporal', 'address'], type: 'text', means: '`host:port` of a Temporal frontend instead of the dev server' },
  { name: 'SUTURE_TEMPORAL_NAMESPACE', path: ['temporal', 'namespace'], type: 'text', means: 'Temporal namespace' },
  { name: 'SUTURE_TEMPORAL_EXECUTABLE', path: ['temporal', 'executable'], type: 'text', means: 'path of the `temporal` executable' },
  { name: 'SUTURE_TEMPORAL_PORT', path: ['temporal', 'port'], type: 'number', means: 'port of the dev server; 0 picks a free one' },
  { name: 'SUTURE_TEMPORAL_UI_PORT', path: ['temporal', 'uiPort'], type: 'number', means: 'port of the Web UI; 0 picks a free one' },
  { name: 'SUTURE_INGRESS_HOST', path: ['ingress', 'host'], type: 'text', means: 'address that the ingress listens on' },
  { name: 'SUTURE_INGRESS_PORT', path: ['ingress', 'port'], type: 'number', means: 'port of the ingress; 0 picks a free one' },
  { name: 'SUTURE_AUTONOMY_CEILING', path: ['autonomyCeiling'], type: 'text', means: 'the most that any healing may do by itself' },
  { name: 'SUTURE_LOG_LEVEL', path: ['logLevel'], type: 'text', means: '`debug`, `info`, `warn` or `error`' },
] as const;

/** Variables that set-up and the roots read themselves. */
const OTHER = ['SUTURE_STATE_DIR', 'SUTURE_WEB_UI_URL', 'SUTURE_LIVE'];

/** Lay the environment over a raw configuration; unknown `SUTURE_*` names and unreadable numbers are problems. */
export function applyEnvironment(raw: Record<string, unknown>, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const problems: string[] = [];
  for (const { name, path, type } of ENVIRONMENT) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    if (type === 'number' && !/^\d+$/.test(text)) {
      problems.push(`${name}: must be a whole number`);
      continue;
    }
    let target = raw;
    for (const step of path.slice(0, -1)) {
      if (typeof target[step] !== 'object' || target[step] === null) target[step] = {};
      target = target[step] as Record<string, unknown>;
    }
    target[path[path.length - 1] as string] = type === 'number' ? Number(text) : text;
  }
  const known: readonly string[] = [...ENVIRONMENT.map((entry) => entry.name), ...OTHER];
  for (const name of Object.keys(env)) {
    if (name.startsWith('SUTURE_') && !name.startsWith('SUTURE_SECRET_') && !known.includes(name)) {
      problems.push(`${name}: unknown variable; known: ${known.join(', ')}`);
    }
  }
  return problems;
}
