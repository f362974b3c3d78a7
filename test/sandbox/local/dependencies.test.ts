import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/contract.ts';
import { createDependencyCache } from '../../../src/sandbox/dependency-cache.ts';
import { createLocalSandbox } from '../../../src/sandbox/local/index.ts';
import { createSandboxService } from '../../../src/sandbox/service.ts';
import { LOCK_MANAGERS } from '../../../src/strategies/lockfile/managers.ts';
import { type NpmRegistry, openNpmRegistry } from '../../support/registry/npm-registry.ts';
import { jobOf } from '../support.ts';

const HOST = 'http://registry.test:4873';

describe('what a job keeps', () => {
  it('is all there for who takes it only after the job has ended', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'suture-kept-'));
    const parts: Buffer[] = [];
    const to = async (tar: Readable): Promise<void> => {
      await vi.waitFor(() => expect(tar.readableEnded || (tar as PassThrough).writableEnded).toBe(true), { timeout: 30_000 });
      for await (const part of tar) parts.push(part as Buffer);
    };
    try {
      const local = createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' });
      await local.run({ ...jobOf(['echo kept > /deps/kept']), collectChanges: null, artifacts: [], keep: { paths: ['deps'], to } });
      expect(Buffer.concat(parts).toString('latin1')).toContain('deps/kept');
    } finally {
      rmSync(stateDir, { recursive: true, force: true });
    }
  });

  it('is never nothing at all: that is no installation to be used again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'suture-cache-'));
    try {
      const cache = createDependencyCache(folder);
      await expect(cache.keep('a'.repeat(64), Readable.from([]))).rejects.toMatchObject({ code: 'sandbox-unavailable' });
      expect(await cache.find('a'.repeat(64))).toBeNull();
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('dependencies from a registry, a stand-in for npm', { timeout: 120_000 }, () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'suture-deps-'));
  let registry: NpmRegistry;
  let service: Sandbox;
  beforeAll(async () => {
    registry = await openNpmRegistry(
      [
        {
          name: 'greeter',
          version: '1.2.3',
          files: {
            'package.json': JSON.stringify({
              name: 'greeter',
              version: '1.2.3',
              main: 'index.js',
              scripts: { postinstall: 'touch /deps/owned' },
            }),
            'index.js': 'module.exports = (who) => `hello ${who}`;',
          },
        },
      ],
      HOST,
    );
    const local = createLocalSandbox({ stateDir, searchPath: process.env['PATH'] ?? '' });
    const { limits } = jobOf([]);
    service = createSandboxService(
      new Map([['local', local]]),
      {
        backend: 'local',
        allow: [],
        endpoints: [{ name: 'registry.test', port: 4873, host: '127.0.0.1', targetPort: registry.port, repositories: ['acme/*'] }],
        secrets: [],
        limits,
      },
      { cache: createDependencyCache(join(stateDir, 'dependencies')), registries: [], env: { npm_config_registry: HOST } },
    );
  });
  afterAll(async () => {
    await registry.close();
    rmSync(stateDir, { recursive: true, force: true });
  });

  const project = () => ({
    base: {
      'package.json': JSON.stringify({ name: 'shop', version: '1.0.0', dependencies: { greeter: '1.2.3' } }),
      'package-lock.json': registry.lockFile('shop'),
      'test.js': "console.log(require('greeter')('you'))",
    },
    repository: 'acme/shop',
  });

  it('are there in the job, their scripts never ran, and the next job needs no registry', async () => {
    const first = await service.run(jobOf(['node test.js; ls /deps'], project()));
    expect(first.steps[0]?.output).toBe('hello you\n');
    expect(registry.asked).toContain('/greeter/-/greeter-1.2.3.tgz');
    const asked = registry.asked.length;
    const again = await service.run(jobOf(['node test.js'], project()));
    expect(again.steps[0]?.output).toBe('hello you\n');
    expect(registry.asked).toHaveLength(asked);
    expect(readdirSync(join(stateDir, 'dependencies')).filter((name) => name.endsWith('.tar.gz'))).toHaveLength(1);
  });

  it('that the registry does not have are a failed set-up that says so', async () => {
    const { base, repository } = project();
    const lock = base['package-lock.json'].replaceAll('greeter', 'missing');
    const result = await service.run(
      jobOf(['node test.js'], {
        repository,
        base: { ...base, 'package.json': base['package.json'].replace('greeter', 'missing'), 'package-lock.json': lock },
      }),
    );
    expect(result.steps).toMatchObject([{ name: 'setup', exitCode: 1, output: expect.stringContaining('404') }]);
  });

  it('are resolved anew where a job is there to write the lock file, and nothing that they bring runs', async () => {
    const { base, repository } = project();
    const { 'package-lock.json': _, ...rest } = base;
    const empty = JSON.stringify({
      name: 'shop',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: { '': { name: 'shop', version: '1.0.0' } },
    });
    const npm = LOCK_MANAGERS.find(({ id }) => id === 'npm');
    const run = npm?.run({ has: () => false, text: () => null, get: () => undefined }) ?? '';
    const result = await service.run(
      jobOf([run, 'test ! -e /deps/owned && test ! -e node_modules'], {
        repository,
        base: { ...rest, 'package-lock.json': empty, '.npmrc': 'ignore-scripts=false\n' },
        collectChanges: { only: npm?.only ?? [] },
        resolves: true,
      }),
    );
    expect(result.steps.map(({ exitCode, output }) => [exitCode, output])).toEqual([
      [0, expect.any(String)],
      [0, ''],
    ]);
    expect(result.changes.map(({ path }) => path)).toEqual(['package-lock.json']);
    const [change] = result.changes;
    const lock = change?.op === 'write' ? Buffer.from(change.content, 'base64').toString() : '';
    expect(lock).toContain('"resolved": "https://registry.npmjs.org/greeter/-/greeter-1.2.3.tgz"');
    expect(lock).not.toContain('registry.test');
  });

  it('cannot be changed for another job by the one that has them', async () => {
    await service.run(jobOf(['echo "module.exports = () => \'owned\'" > node_modules/greeter/index.js'], project()));
    const after = await service.run(jobOf(['node test.js'], project()));
    expect(after.steps[0]?.output).toBe('hello you\n');
  });
});
