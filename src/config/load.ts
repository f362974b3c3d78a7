import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { z } from 'zod';
import { Failure } from '../domain/failure.ts';
import { applyEnvironment } from './environment.ts';
import { ServerConfig } from './server-config.schema.ts';
import { checkYaml, describeProblems } from './yaml-problems.ts';

/** The configuration of one server, with each integration's own part checked by its schema. */
export interface LoadedConfig {
  readonly config: ServerConfig;
  /** Absolute path of the one folder that holds all state. */
  readonly stateDir: string;
  /** Checked configuration of each integration by id. */
  readonly integrations: ReadonlyMap<string, unknown>;
}

/** An integration as far as configuration concerns it. */
interface Configurable {
  readonly id: string;
  readonly configSchema: z.ZodType;
}

/** Where state lives: `SUTURE_STATE_DIR`, else `.suture` in the current folder. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  return resolve(env['SUTURE_STATE_DIR'] || '.suture');
}

/** `config.yml` of the state folder, then the environment over it. Throws one `Failure` code `configuration-invalid` that lists every problem. */
export function loadConfig(options: {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly integrations: readonly Configurable[];
}): LoadedConfig {
  const file = join(options.stateDir, 'config.yml');
  const problems: string[] = [];
  let raw: Record<string, unknown> = {};
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8');
    const checked = checkYaml(text, ServerConfig);
    if (!checked.ok) problems.push(describeProblems(file, checked.problems));
    else raw = (parse(text, { maxAliasCount: 20 }) ?? {}) as Record<string, unknown>;
  }
  problems.push(...applyEnvironment(raw, options.env));
  const whole = ServerConfig.safeParse(raw);
  if (!whole.success) problems.push(...whole.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`));
  const given: Record<string, unknown> = whole.success ? whole.data.integrations : {};
  const known = new Map<string, unknown>();
  for (const { id, configSchema } of options.integrations) {
    const part = configSchema.safeParse(given[id] ?? {});
    if (part.success) known.set(id, part.data);
    else problems.push(...part.error.issues.map((issue) => `integrations.${[id, ...issue.path.map(String)].join('.')}: ${issue.message}`));
  }
  for (const id of Object.keys(given)) {
    if (!options.integrations.some((integration) => integration.id === id)) problems.push(`integrations.${id}: no such integration; known: ${options.integrations.map((each) => each.id).join(', ')}`);
  }
  if (!whole.success || problems.length > 0) {
    throw new Failure('configuration-invalid', `the configuration has ${problems.length === 1 ? 'a problem' : 'problems'}:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  }
  return { config: whole.data, stateDir: options.stateDir, integrations: known };
}
