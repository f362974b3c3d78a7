import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AGENT_IDS } from '../src/domain/agent-id.ts';
import { integrations } from '../src/integrations/registry.ts';
import { SANDBOXES } from '../src/sandbox/registry.ts';
import { strategies } from '../src/strategies/registry.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Cruise {
  readonly modules: readonly unknown[];
  readonly summary: { readonly violations: ReadonlyArray<{ readonly from: string; readonly rule: { readonly name: string } }> };
}

const { forbidden: rules } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
  readonly forbidden: ReadonlyArray<{ readonly name: string }>;
};

/** Files of test/fixtures/architecture that break each rule. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  'no-cycles': ['src/strategies/a/index.ts'],
  'lib-knows-nothing': ['src/lib/knows-us.ts'],
  'domain-is-pure': ['src/domain/thing.ts'],
  'schemas-stay-out-of-workflows': ['src/workflows/judges.ts'],
  'plain-domain-has-no-zod': ['src/domain/plain.ts'],
  'workflows-only-sequence': ['src/workflows/judges.ts'],
  'strategies-are-pure': ['src/strategies/a/index.ts'],
  'plugins-do-not-know-each-other': ['src/agents/p/index.ts', 'src/strategies/a/index.ts', 'src/strategies/b/index.ts'],
  'integrations-stand-alone': ['src/integrations/x/index.ts'],
  'sandboxes-stand-alone': ['src/sandbox/y/index.ts'],
  'agents-stand-alone': ['src/agents/p/index.ts'],
  'plugins-do-not-call-back': ['src/integrations/x/index.ts'],
  'store-and-reports-stand-alone': ['src/logs/digests.ts', 'src/reports/reads.ts'],
  'contracts-only': ['src/activities/acts.ts', 'src/http/wires.ts'],
  'registries-for-roots': ['src/http/wires.ts'],
  'one-temporal-door': ['src/http/door.ts'],
  'processes-start-in-sandbox': ['src/workflows/judges.ts'],
  'src-not-to-test': ['src/cli/borrows.ts'],
  'no-orphans': ['src/http/alone.ts'],
};

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

  it('are each broken on purpose by one fixture', () => {
    expect(Object.keys(BROKEN).sort()).toEqual(rules.map((rule) => rule.name).sort());
  });

  it('are each reported where they are broken, and nowhere else', () => {
    const { summary } = cruise(join(root, 'test/fixtures/architecture'));
    const reported = new Map<string, Set<string>>();
    for (const { rule, from } of summary.violations) reported.set(rule.name, (reported.get(rule.name) ?? new Set()).add(from));
    for (const [rule, files] of Object.entries(BROKEN)) expect([...(reported.get(rule) ?? [])].sort(), rule).toEqual(files);
  });
});

describe('registries', () => {
  it('equal the folders on disk', () => {
    expect(integrations.map((integration) => integration.id).sort()).toEqual(folders('src/integrations'));
    expect(strategies.map((strategy) => strategy.id).sort()).toEqual(folders('src/strategies'));
    expect([...AGENT_IDS].sort()).toEqual(folders('src/agents'));
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

  it('has no dead link in its pages', () => {
    const pages = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter((name) => name !== '' && !name.startsWith('test/'));
    const anchors = (page: string) =>
      [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
    const dead = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
        .filter(([, path = '', anchor]) => {
          const target = path === '' ? join(root, page) : join(root, page, '..', path);
          return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
        })
        .map(([link]) => `${page}: ${link}`),
    );
    expect(pages.length).toBeGreaterThan(10);
    expect(dead).toEqual([]);
  });
});

describe('a command that sets itself up', () => {
  it('runs what follows by the Node that the set-up installed, not by the one that its shell remembers', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };
    const following = Object.values(scripts).flatMap((script) => /^node scripts\/setup\.mjs && (.*)$/.exec(script)?.[1] ?? []);
    expect(following.length).toBeGreaterThan(5);
    expect(following.filter((command) => command.startsWith('node '))).toEqual([]);
  });
});
