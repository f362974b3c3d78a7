import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Dependencies } from '../../src/domain/dependencies.schema.ts';
import { Failure } from '../../src/domain/failure.ts';
import { DEFAULT_LIMITS, type JobResult, type Sandbox, type SandboxJob } from '../../src/sandbox/contract.ts';
import { createDependencyCache } from '../../src/sandbox/dependency-cache.ts';
import { chooseBackend, createSandboxService, type SandboxRules } from '../../src/sandbox/service.ts';
import { jobOf } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'suture-service-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;
const freshFolder = (): string => {
  folders += 1;
  return join(folder, String(folders));
};

/** A sandbox that only remembers what it was given; `red` commands fail. */
function recording(id: string, red: readonly string[] = []): Sandbox & { readonly jobs: SandboxJob[] } {
  const jobs: SandboxJob[] = [];
  return {
    id,
    platform: id,
    jobs,
    preflight: () => Promise.resolve({ available: true, findings: [], isolation: 'none' }),
    sweep: () => Promise.resolve(1),
    async run(job): Promise<JobResult> {
      jobs.push(job);
      const bad = job.steps.find(({ run }) => red.includes(run));
      if (bad === undefined) await job.keep?.to(Readable.from([Buffer.from(`made by ${job.name}`)]));
      for (const layer of job.layers ?? []) for await (const part of await layer()) expect(part.length).toBeGreaterThan(0);
      return {
        steps: [
          {
            name: job.steps[0]?.name ?? '',
            exitCode: bad === undefined ? 0 : 1,
            signal: null,
            timedOut: false,
            killedBy: null,
            oomKilled: false,
            outputTruncated: false,
            durationMs: 1,
            output: '',
          },
        ],
        artifacts: new Map(),
        changes: [],
        refused: [],
        isolation: id,
        usage: { peakMemoryBytes: null },
        connections: [],
      };
    },
  };
}

const rules: SandboxRules = {
  backend: 'local',
  allow: [{ repositories: ['acme/*'], backends: ['docker', 'local'] }],
  endpoints: [
    { name: 'db.test', port: 5432, host: '10.0.0.1', targetPort: 5432, repositories: ['acme/*'] },
    { name: 'db.test', port: 5432, host: '10.0.0.2', targetPort: 5432, repositories: ['other/*'] },
  ],
  secrets: [{ variable: 'DB_PASSWORD', value: 'open sesame', repositories: ['acme/shop'] }],
  limits: { ...DEFAULT_LIMITS, memoryBytes: 1000 },
};
const nothing = { registries: [], env: {} };

describe('the choice of a sandbox', () => {
  it.each([
    ['acme/shop', undefined, 'docker'],
    ['acme/shop', 'local', 'local'],
    ['other/shop', undefined, 'local'],
  ])('%s asks for %s and gets %s', (repository, wanted, expected) => {
    expect(chooseBackend(rules, repository, wanted)).toBe(expected);
  });

  it('is refused beyond what is allowed, with what is', () => {
    expect(() => chooseBackend(rules, 'other/shop', 'docker')).toThrow(/docker is not allowed for other\/shop; allowed: local/);
    expect(() => chooseBackend(rules, 'acme/shop', 'kubernetes')).toThrow(Failure);
  });
});

describe('all sandboxes as one', () => {
  const open = () => {
    const local = recording('local');
    const docker = recording('docker');
    const service = createSandboxService(
      new Map<string, Sandbox>([
        ['local', local],
        ['docker', docker],
      ]),
      rules,
      { cache: createDependencyCache(freshFolder()), ...nothing },
    );
    return { local, docker, service };
  };

  it('give a job the endpoints and test secrets of its repository and never what it asks for itself', async () => {
    const { docker, service } = open();
    const greedy = { endpoints: [{ name: 'evil.test', port: 4000, host: '10.9.9.9', targetPort: 1 }], secrets: { MINE: 'x' } };
    await service.run(jobOf(['true'], { repository: 'acme/shop', ...greedy }));
    await service.run(jobOf(['true'], { repository: 'acme/cart', ...greedy }));
    expect(docker.jobs.map(({ endpoints, secrets }) => ({ hosts: endpoints?.map(({ host }) => host), secrets }))).toEqual([
      { hosts: ['10.0.0.1'], secrets: { DB_PASSWORD: 'open sesame' } },
      { hosts: ['10.0.0.1'], secrets: {} },
    ]);
  });

  it('give nothing of any repository to a job of nobody', async () => {
    const { local, service } = open();
    await service.run(jobOf(['true']));
    expect(local.jobs).toMatchObject([{ endpoints: [], secrets: {} }]);
  });

  it('let a job name some of its endpoints, and none that it does not have', async () => {
    const { docker, service } = open();
    await service.run(jobOf(['true'], { repository: 'acme/shop', reaches: [] }));
    expect(docker.jobs[0]?.endpoints).toEqual([]);
    await expect(service.run(jobOf(['true'], { repository: 'acme/shop', reaches: ['db.test:5433'] }))).rejects.toMatchObject({
      code: 'policy-invalid',
    });
  });

  it('lower limits, and raise none', async () => {
    const { local, service } = open();
    await service.run(jobOf(['true'], { limits: { ...DEFAULT_LIMITS, memoryBytes: 5000, processes: 3 } }));
    expect(local.jobs[0]?.limits).toMatchObject({ memoryBytes: 1000, processes: 3 });
  });

  it('refuse a sandbox that is allowed and not configured', async () => {
    const service = createSandboxService(new Map([['local', recording('local')]]), rules, {
      cache: createDependencyCache(freshFolder()),
      ...nothing,
    });
    await expect(service.run(jobOf(['true'], { repository: 'acme/shop' }))).rejects.toMatchObject({ code: 'sandbox-unavailable' });
  });

  it('are all swept', async () => {
    expect(await open().service.sweep()).toBe(2);
  });
});

describe('dependencies', () => {
  const registries = [{ host: 'registry.test', port: 443 }];
  const npm: readonly Dependencies[] = [{ manager: 'npm' }];
  const base = { 'package.json': '{}', 'package-lock.json': '{"v":1}', 'src/index.js': 'x', '.npmrc': 'registry=https://evil.test' };
  const open = (red: readonly string[] = []) => {
    const local = recording('local', red);
    const cacheFolder = freshFolder();
    const cache = createDependencyCache(cacheFolder);
    return { local, cacheFolder, service: createSandboxService(new Map([['local', local]]), rules, { cache, registries, env: {} }) };
  };
  const manifests = async (job: SandboxJob | undefined): Promise<string> => {
    let text = '';
    for await (const part of (await job?.openBase()) ?? []) text += (part as Buffer).toString('latin1');
    return text;
  };

  it('are installed by a job of their own that sees manifests alone and may reach registries, then given to the job that may not', async () => {
    const { local, service } = open();
    await service.run(jobOf(['npm test'], { base, dependencies: npm }));
    const [install, job] = local.jobs;
    expect(install).toMatchObject({ steps: [{ name: 'setup', run: 'npm ci --ignore-scripts' }], registries, profiles: ['node'] });
    const seen = await manifests(install);
    expect(seen).toContain('package-lock.json');
    expect(seen).not.toContain('src/index.js');
    expect(seen).not.toContain('.npmrc');
    expect(job?.registries).toBeUndefined();
    expect(job?.layers).toHaveLength(1);
  });

  it('are installed once for the same manifests, whatever else changes, and again when one changes', async () => {
    const { local, service } = open();
    const run = (more: Partial<SandboxJob> = {}, files: Parameters<typeof jobOf>[1] = {}) =>
      service.run(jobOf(['npm test'], { base, dependencies: npm, ...files, ...more }));
    await run();
    await run({}, { base: { ...base, 'src/index.js': 'other' } });
    expect(local.jobs.filter(({ keep }) => keep !== undefined)).toHaveLength(1);
    await run({ files: [{ op: 'write', path: 'package-lock.json', mode: '100644', content: Buffer.from('{"v":2}').toString('base64') }] });
    await run({ repository: 'other/shop' });
    expect(new Set(local.jobs.filter(({ keep }) => keep !== undefined).map(({ name }) => name)).size).toBe(3);
  });

  it('are installed once by jobs at the same time', async () => {
    const { local, service } = open();
    await Promise.all([1, 2, 3].map(() => service.run(jobOf(['npm test'], { base, dependencies: npm }))));
    expect(local.jobs.filter(({ keep }) => keep !== undefined)).toHaveLength(1);
    expect(local.jobs).toHaveLength(4);
  });

  it('are found by lock files at the root', async () => {
    const { local, service } = open();
    await service.run(jobOf(['x'], { base: { ...base, 'go.mod': 'm', 'go.sum': 's', 'sub/Cargo.lock': 'c' } }));
    expect(local.jobs.slice(0, 2).map(({ steps }) => steps[0]?.run)).toEqual(['npm ci --ignore-scripts', 'go mod download']);
    expect(local.jobs[2]).toMatchObject({ profiles: ['node', 'python', 'go'] });
    expect(local.jobs[2]?.layers).toHaveLength(2);
    await service.run(jobOf(['x'], { base, dependencies: [] }));
    expect(local.jobs).toHaveLength(4);
  });

  it('that cannot be installed are the result, as a set-up that failed', async () => {
    const { local, service } = open(['npm ci --ignore-scripts']);
    const result = await service.run(jobOf(['npm test'], { base, dependencies: npm }));
    expect(result.steps).toMatchObject([{ name: 'setup', exitCode: 1 }]);
    expect(local.jobs).toHaveLength(1);
  });

  it('that were damaged on disk are never used, and are installed again', async () => {
    const { local, cacheFolder, service } = open();
    await service.run(jobOf(['npm test'], { base, dependencies: npm }));
    const [file = ''] = readdirSync(cacheFolder).filter((name) => name.endsWith('.tar.gz'));
    const bytes = readFileSync(join(cacheFolder, file));
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 0xff;
    writeFileSync(join(cacheFolder, file), bytes);
    await service.run(jobOf(['npm test'], { base, dependencies: npm }));
    expect(local.jobs.filter(({ keep }) => keep !== undefined)).toHaveLength(2);
  });
});

describe('a job that resolves dependencies', () => {
  const registries = [{ host: 'registry.test', port: 443 }];
  const base = { 'package.json': '{}', 'package-lock.json': '{}', 'go.mod': 'module shop', 'src/a.go': 'package shop' };
  const open = (installing: { readonly registries: typeof registries; readonly env: Record<string, string> }) => {
    const docker = recording('docker');
    return {
      docker,
      service: createSandboxService(new Map([['docker', docker]]), rules, { cache: createDependencyCache(freshFolder()), ...installing }),
    };
  };

  it('reaches the registries that installing may, with their settings, and nothing is installed before', async () => {
    const { docker, service } = open({ registries, env: { npm_config_registry: 'https://registry.test/npm/' } });
    await service.run(jobOf(['npm install --package-lock-only'], { base, repository: 'acme/shop', resolves: true }));
    expect(docker.jobs).toHaveLength(1);
    expect(docker.jobs[0]).toMatchObject({
      registries,
      env: { npm_config_registry: 'https://registry.test/npm/', npm_config_ignore_scripts: 'true' },
      profiles: ['node', 'python', 'go'],
    });
    expect(docker.jobs[0]?.layers).toBeUndefined();
  });

  it('gets no test secret while it may reach them', async () => {
    const { docker, service } = open({ registries, env: {} });
    await service.run(jobOf(['x'], { base, repository: 'acme/shop', resolves: true }));
    expect(docker.jobs[0]?.secrets).toEqual({});
  });

  it('has no network where no registry is configured', async () => {
    const { docker, service } = open({ registries: [], env: {} });
    await service.run(jobOf(['x'], { base, repository: 'acme/shop', resolves: true }));
    expect(docker.jobs[0]?.registries).toBeUndefined();
  });
});

describe('the cache of dependencies', () => {
  const key = (digit: string): string => digit.repeat(64);
  const tar = (text: string) => Readable.from([Buffer.from(text)]);

  it('gives back what was kept, and null for what was not', async () => {
    const cache = createDependencyCache(freshFolder());
    await cache.keep(key('a'), tar('hello'));
    const parts: Buffer[] = [];
    const open = await cache.find(key('a'));
    for await (const part of (await open?.()) ?? []) parts.push(part as Buffer);
    expect(Buffer.concat(parts).toString()).toBe('hello');
    expect(await cache.find(key('b'))).toBeNull();
  });

  it('refuses what is too large and leaves nothing of it', async () => {
    const place = freshFolder();
    const cache = createDependencyCache(place, { one: 10, all: 100 });
    await expect(cache.keep(key('a'), tar('more than ten bytes'))).rejects.toMatchObject({ code: 'too-large' });
    expect(readdirSync(place)).toEqual([]);
  });

  it('forgets what was used least lately when it is full', async () => {
    const cache = createDependencyCache(freshFolder(), { one: 1000, all: 60 });
    for (const digit of ['a', 'b', 'c']) {
      await cache.keep(key(digit), tar(`content ${digit}`));
      await new Promise((next) => setTimeout(next, 10));
    }
    expect(await cache.find(key('a'))).toBeNull();
    expect(await cache.find(key('c'))).not.toBeNull();
  });

  it('takes only hashes for keys', async () => {
    await expect(createDependencyCache(freshFolder()).find('../x')).rejects.toMatchObject({ code: 'bug' });
  });
});
