import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ENVIRONMENT } from '../../src/config/environment.ts';
import { loadConfig, stateFolder } from '../../src/config/load.ts';
import { settingsFrom } from '../../src/config/settings.ts';
import { Failure } from '../../src/domain/failure.ts';
import { integrations } from '../../src/integrations/registry.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = temporaryFolder();
});

const write = (text: string) => writeFileSync(join(stateDir, 'config.yml'), text);
const load = (env: Record<string, string> = {}) => loadConfig({ stateDir, env, integrations });

function complaint(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).code).toBe('configuration-invalid');
    return (error as Failure).message;
  }
  throw new Error('nothing was thrown');
}

describe('loadConfig', () => {
  it('works with no file and no environment', () => {
    const loaded = load();
    expect(loaded.config).toMatchObject({
      autonomyCeiling: 'propose',
      ingress: { host: '127.0.0.1', port: 8080 },
      forge: 'local',
      logLevel: 'info',
    });
    expect([...loaded.integrations.keys()].sort()).toEqual(integrations.map((integration) => integration.id).sort());
  });

  it('reports the problems of file, integrations and environment at once', () => {
    write(
      [
        'temporal:',
        '  adress: here',
        'autonomyCeiling: everything',
        'caps:',
        '  attempts: 9',
        'integrations:',
        '  datadog:',
        '    services: { auth: nowhere }',
        '    headrName: x',
        '  sentri: {}',
      ].join('\n'),
    );
    const lines = complaint(() => load({ SUTURE_INGRESS_PORT: 'abc', SUTURE_INGRES_HOST: 'x', SUTURE_LOG_LEVEL: 'loud' })).split('\n');
    const file = join(stateDir, 'config.yml');
    expect(lines[0]).toBe('the configuration has problems:');
    expect(lines.slice(1).map((line) => line.trim())).toEqual([
      `${file}:2: temporal.adress: unknown key; did you mean \`address\`?`,
      expect.stringMatching(/config\.yml:3: autonomyCeiling: .*"observe"/),
      expect.stringMatching(/config\.yml:5: caps\.attempts: .*3/),
      `${file}:8: integrations.datadog.services.auth: must be owner/name`,
      `${file}:9: integrations.datadog.headrName: unknown key; did you mean \`headerName\`?`,
      `${file}:10: integrations.sentri: unknown key; known: ${integrations.map((each) => each.id).join(', ')}`,
      'SUTURE_INGRESS_PORT: must be a whole number',
      'SUTURE_INGRES_HOST: unknown variable; did you mean SUTURE_INGRESS_HOST?',
      expect.stringMatching(/^SUTURE_LOG_LEVEL: .*"debug"/),
    ]);
  });

  it('lays the environment over the file, and the defaults under both', () => {
    write('ingress:\n  port: 1000\n  host: 127.0.0.2\ntemporal:\n  namespace: other\n');
    const { config } = load({ SUTURE_INGRESS_PORT: '2000', SUTURE_TEMPORAL_ADDRESS: 'temporal:7233' });
    expect(config.ingress).toMatchObject({ host: '127.0.0.2', port: 2000 });
    expect(config.temporal).toMatchObject({ address: 'temporal:7233', namespace: 'other', taskQueue: 'suture' });
  });

  it('takes an empty variable as unset', () => {
    expect(load({ SUTURE_INGRESS_PORT: '', SUTURE_TEMPORAL_ADDRESS: ' ' }).config).toMatchObject({ ingress: { port: 8080 } });
  });

  it('knows every variable of its own table', () => {
    const env = Object.fromEntries(ENVIRONMENT.filter((entry) => entry.path === null).map((entry) => [entry.name, 'x']));
    expect(() => load(env)).not.toThrow();
    for (const entry of ENVIRONMENT) expect(entry.means).not.toBe('');
  });

  it('names a missing required setting of an integration', () => {
    const needy = { id: 'needy', configSchema: z.strictObject({ token: z.string() }) };
    expect(complaint(() => loadConfig({ stateDir, env: {}, integrations: [needy] }))).toContain(
      'integrations.needy.token: is missing (expected string)',
    );
  });

  it('hands out what an integration made of its configuration', () => {
    write('integrations: { datadog: { services: { auth: acme/auth-service } } }\n');
    expect(load().integrations.get('datadog')).toMatchObject({ services: { auth: 'acme/auth-service' }, headerName: 'x-suture-token' });
  });

  it.each([
    ['a list', '- a\n', /expected object/],
    ['broken YAML', 'a: [1\n', /config\.yml:/],
    ['nesting without end', '['.repeat(20_000), /config\.yml/],
    ['an unknown tag', 'logLevel: !!js/function x\n', /config\.yml:1: Unresolved tag/],
    ['two documents', 'logLevel: info\n---\nlogLevel: warn\n', /multiple documents/],
    ['a key of the prototype', '__proto__: { a: 1 }\n', /__proto__: unknown key/],
    ['a key that is no text', '? [a]\n: 1\n', /config\.yml:1/],
  ])('refuses %s', (_what, text, message) => {
    write(text);
    expect(complaint(load)).toMatch(message);
  });

  it('lists a bounded number of problems', () => {
    write(Array.from({ length: 200 }, (_, index) => `zzzzzzzzzz${index}: 1`).join('\n'));
    const lines = complaint(load).split('\n');
    expect(lines.length).toBeLessThan(40);
    expect(lines.at(-1)).toMatch(/and 170 more/);
  });

  it('says that a file cannot be read instead of going on without it', () => {
    mkdirSync(join(stateDir, 'config.yml'));
    expect(complaint(load)).toMatch(/config\.yml: cannot be read \(EISDIR\)/);
  });
});

describe('stateFolder', () => {
  it('is absolute, and `.suture` when nothing is said', () => {
    expect(stateFolder({ SUTURE_STATE_DIR: '/var/lib/suture' })).toBe('/var/lib/suture');
    expect(stateFolder({})).toBe(join(process.cwd(), '.suture'));
  });
});

describe('settingsFrom', () => {
  it('gives a healing its waits, caps and ceiling', () => {
    const { config } = load({ SUTURE_AUTONOMY_CEILING: 'deploy' });
    expect(settingsFrom(config)).toEqual({ timings: config.timings, caps: config.caps, autonomyCeiling: 'deploy', dryRun: false });
    expect(settingsFrom(config, { dryRun: true }).dryRun).toBe(true);
  });
});
