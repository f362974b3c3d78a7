import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { integrations } from '../src/integrations/registry.ts';
import { SANDBOXES } from '../src/sandbox/registry.ts';
import { strategies } from '../src/strategies/registry.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Cruise {
  readonly modules: readonly unknown[];
  readonly summary: { readonly violations: ReadonlyArray<{ readonly rule: { readonly name: string } }> };
}

function cruise(folder: string): Cruise {
  const done = spawnSync(
    join(root, 'node_modules/.bin/depcruise'),
    ['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src'],
    {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    },
  );
  return JSON.parse(done.stdout) as Cruise;
}

const folders = (path: string) =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

describe('boundaries', () => {
  it('are looked at in every module and hold', () => {
    const { modules, summary } = cruise(root);
    expect(modules.length).toBeGreaterThan(150);
    expect(summary.violations).toEqual([]);
  });

  it('are reported where they are broken', () => {
    const { summary } = cruise(join(root, 'test/fixtures/architecture'));
    const broken = new Set(summary.violations.map((violation) => violation.rule.name));
    for (const rule of [
      'no-cycles',
      'lib-knows-nothing',
      'domain-is-pure',
      'schemas-stay-out-of-workflows',
      'workflows-only-sequence',
      'strategies-are-pure',
      'plugins-do-not-know-each-other',
      'integrations-stand-alone',
      'plugins-do-not-call-back',
      'contracts-only',
      'processes-start-in-sandbox',
    ]) {
      expect(broken, rule).toContain(rule);
    }
  });
});

describe('registries', () => {
  it('equal the folders on disk', () => {
    expect(integrations.map((integration) => integration.id).sort()).toEqual(folders('src/integrations'));
    expect(strategies.map((strategy) => strategy.id).sort()).toEqual(folders('src/strategies'));
    expect(SANDBOXES.map((sandbox) => sandbox.id).sort()).toEqual(folders('src/sandbox'));
  });
});

describe('dependencies', () => {
  it('hold one copy of protobufjs 8, without which recorded histories do not replay', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version?: string }> };
    const copies = Object.entries(lock.packages).filter(
      ([path, { version }]) => path.endsWith('node_modules/protobufjs') && version?.startsWith('8.') === true,
    );
    expect(copies).toHaveLength(1);
  });

  it('carry no download address in the lockfile', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});

describe('the tree', () => {
  it('speaks of no machine', () => {
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter(
        (name) =>
          name !== '' &&
          !name.startsWith('test/histories/') &&
          name !== 'test/architecture.test.ts' &&
          statSync(join(root, name)).size < 500_000,
      );
    const paths = files.filter((name) =>
      /(?:^|[^A-Za-z0-9_.])\/(?:work|home\/[a-z]+)\/|\/root\/\.(?:cache|pyenv|npm)/.test(readFileSync(join(root, name), 'utf8')),
    );
    expect(paths).toEqual([]);
  });
});
