import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, loadSecrets, parseRepositoryPolicy } from '../../src/config/index.ts';
import { Secret } from '../../src/config/secret.ts';
import { integrations } from '../../src/integrations/registry.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'suture-config-'));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

describe('loadConfig', () => {
  it('reports every problem at once, with line and nearest key', () => {
    writeFileSync(join(stateDir, 'config.yml'), 'temporal:\n  adress: here\nautonomyCeiling: everything\ncaps:\n  attempts: 9\n');
    const load = () => loadConfig({ stateDir, env: { SUTURE_INGRESS_PORT: 'abc', SUTURE_INGRES_PORT: '1' }, integrations });
    expect(load).toThrow(/config\.yml:2: temporal\.adress: unknown key; did you mean `address`\?/);
    expect(load).toThrow(/config\.yml:3: autonomyCeiling/);
    expect(load).toThrow(/config\.yml:5: caps\.attempts/);
    expect(load).toThrow(/SUTURE_INGRESS_PORT: must be a whole number/);
    expect(load).toThrow(/SUTURE_INGRES_PORT: unknown variable/);
  });

  it('lays the environment over the file and defaults under both', () => {
    writeFileSync(join(stateDir, 'config.yml'), 'ingress:\n  port: 1000\n');
    const { config } = loadConfig({ stateDir, env: { SUTURE_INGRESS_PORT: '2000' }, integrations });
    expect(config.ingress).toEqual({ host: '127.0.0.1', port: 2000 });
    expect(config.autonomyCeiling).toBe('propose');
  });

  it("checks an integration's own part and names unknown integrations", () => {
    writeFileSync(join(stateDir, 'config.yml'), 'integrations:\n  datadog:\n    services: { auth: nowhere }\n  sentri: {}\n');
    const load = () => loadConfig({ stateDir, env: {}, integrations });
    expect(load).toThrow(/integrations\.datadog\.services\.auth: must be owner\/name/);
    expect(load).toThrow(/integrations\.sentri: no such integration/);
  });
});

describe('loadSecrets', () => {
  it('makes secrets once, for the owner only', () => {
    const first = loadSecrets(stateDir, {}).get('manual-token')[0]?.reveal();
    expect(first).toHaveLength(43);
    expect(loadSecrets(stateDir, {}).get('manual-token')[0]?.reveal()).toBe(first);
    expect(statSync(join(stateDir, 'secrets', 'manual-token')).mode & 0o777).toBe(0o600);
  });

  it('refuses a file that others can read and says what to run', () => {
    loadSecrets(stateDir, {});
    chmodSync(join(stateDir, 'secrets', 'manual-token'), 0o644);
    expect(() => loadSecrets(stateDir, {})).toThrow(/chmod 600/);
  });

  it('takes the environment first and keeps the previous value during a rotation', () => {
    loadSecrets(stateDir, {});
    writeFileSync(join(stateDir, 'secrets', 'manual-token.previous'), 'older', { mode: 0o600 });
    expect(loadSecrets(stateDir, { SUTURE_SECRET_MANUAL_TOKEN: 'newer' }).get('manual-token').map((secret) => secret.reveal())).toEqual(['newer', 'older']);
  });
});

describe('Secret', () => {
  it('does not print', () => {
    const secret = new Secret('hunter2hunter2');
    expect([`${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ deep: { secret } }), String(secret)].join()).not.toContain('hunter2');
  });
});

describe('parseRepositoryPolicy', () => {
  it('fills in defaults', () => {
    expect(parseRepositoryPolicy('version: 1\n')).toMatchObject({ autonomy: 'propose', attempts: 3, checks: [] });
  });

  it.each([
    ['an unknown key', 'version: 1\nautonomi: merge\n', /suture\.yml:2: autonomi: unknown key; did you mean `autonomy`\?/],
    ['an unknown nested key', 'version: 1\nchecks:\n  - name: a\n    run: b\n    timeout: 3\n', /suture\.yml:5: checks\.0\.timeout: unknown key/],
    ['a missing version', 'autonomy: merge\n', /version/],
    ['two checks of one name', 'version: 1\nchecks: [{name: a, run: b}, {name: a, run: c}]\n', /two checks are named `a`/],
    ['a formatter for no check', 'version: 1\nformat: {check: lint, fix: x}\n', /names no check/],
    ['a JUnit report without a path', 'version: 1\nchecks: [{name: a, run: b, report: junit}]\n', /needs `reportPath`/],
    ['broken YAML', 'version: [1\n', /suture\.yml:/],
    ['a doubled key', 'version: 1\nversion: 1\n', /suture\.yml:2/],
    ['a bomb of aliases', `version: 1\na: &a [${'x,'.repeat(50)}]\nb: [${'*a,'.repeat(50)}]\n`, /suture\.yml/],
    ['a huge file', `version: 1\n#${'x'.repeat(70_000)}`, /larger than/],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseRepositoryPolicy(text)).toThrow(message);
  });
});
