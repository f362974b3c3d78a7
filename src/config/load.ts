import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { readEnvironment } from './environment.ts';
import { nearest } from './near.ts';
import { describeProblems, problemsOf } from './problems.ts';
import { ServerConfig } from './server-config.schema.ts';
import { type LineOf, type Problem, readYaml, type YamlText } from './yaml-file.ts';

/** The configuration of one server, with each integration's own part checked by its schema. */
export interface LoadedConfig {
  readonly config: ServerConfig;
  /** Absolute path of the one folder that holds all state. */
  readonly stateDir: string;
  /** Checked configuration of each integration by id. */
  readonly integrations: ReadonlyMap<string, unknown>;
}

/** Rules that name no notifier; `lineOf` is of the file. Whether it is set up is known only when its secrets are read. */
function notifyProblems(raw: unknown, integrations: readonly Configurable[], lineOf: LineOf): readonly Problem[] {
  const read = ServerConfig.shape.notify.safeParse((raw as { readonly notify?: unknown } | null)?.notify ?? []);
  if (!read.success) return [];
  const known = integrations.filter((each) => each.notifier !== undefined).map(({ id }) => id);
  return read.data.flatMap(({ notifier }, index) => {
    if (known.includes(notifier)) return [];
    const path = ['notify', index, 'notifier'];
    const hint = nearest(notifier, known);
    const way = hint === undefined ? `known: ${known.join(', ')}` : `did you mean \`${hint}\`?`;
    return [{ line: lineOf(path), field: path.join('.'), text: `is no notifier; ${way}` }];
  });
}

/** An integration as far as configuration concerns it. */
interface Configurable {
  readonly id: string;
  readonly configSchema: z.ZodType;
  /** Present when it tells people. */
  readonly notifier?: unknown;
}

/** Where state lives: `SUTURE_STATE_DIR`, else `.suture` in the current folder. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  return resolve(env['SUTURE_STATE_DIR'] || '.suture');
}

function readConfigFile(file: string): YamlText {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: true, raw: {}, lineOf: () => null };
    return { ok: false, problems: [{ line: null, field: '', text: `cannot be read (${code ?? String(error)})` }] };
  }
  return readYaml(text);
}

/** Plain objects merged key by key, the later one winning. */
function overlay(under: unknown, over: unknown): unknown {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(under) || !isObject(over)) return over;
  return { ...under, ...Object.fromEntries(Object.entries(over).map(([key, value]) => [key, overlay(under[key], value)])) };
}

/** `config.yml` of the state folder, then the environment over it. Throws one `Failure` code `configuration-invalid` that lists every problem. */
export function loadConfig(options: {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly integrations: readonly Configurable[];
}): LoadedConfig {
  const parts = Object.fromEntries(options.integrations.map(({ id, configSchema }) => [id, configSchema.prefault({})]));
  const schema = ServerConfig.extend({ integrations: z.strictObject(parts).prefault({}) });
  const file = join(options.stateDir, 'config.yml');
  const read = readConfigFile(file);
  const fromFile = read.ok
    ? [...problemsOf(read.raw, schema, read.lineOf), ...notifyProblems(read.raw, options.integrations, read.lineOf)]
    : read.problems;
  const environment = readEnvironment(options.env);
  const problems = [
    ...(fromFile.length === 0 ? [] : describeProblems(file, fromFile).split('\n')),
    ...environment.problems,
    // Checked on its own, so that a problem names the variable and not a line of the file.
    ...problemsOf(environment.raw, ServerConfig, () => null).map(({ field, text }) => `${environment.names.get(field) ?? field}: ${text}`),
  ];
  if (problems.length > 0 || !read.ok) {
    throw new Failure(
      'configuration-invalid',
      `the configuration has ${problems.length === 1 ? 'a problem' : 'problems'}:\n${problems.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  const config = schema.parse(overlay(read.raw, environment.raw));
  return { config, stateDir: options.stateDir, integrations: new Map(Object.entries(config.integrations)) };
}
