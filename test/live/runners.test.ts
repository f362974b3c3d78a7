import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Profile, Sandbox, StepResult } from '../../src/sandbox/contract.ts';
import { DEFAULT_LIMITS } from '../../src/sandbox/contract.ts';
import { createLocalSandbox } from '../../src/sandbox/local/index.ts';
import { type BaseFiles, jobOf } from '../sandbox/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'suture-runners-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const sandbox: Sandbox = createLocalSandbox({ stateDir: join(folder, 'state'), searchPath: process.env['PATH'] ?? '' });

/** Whether a program is here, so that its runner can be tried; one that is missing is named. */
function has(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, [...args], { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    process.stdout.write(`skipped: the runner of ${program}: it is not on this machine\n`);
    return false;
  }
}

/** Installs with the machine's own package manager and gives it as a job gets dependencies; null when that cannot be reached. */
function layer(name: string, install: (place: string) => void): (() => Promise<Readable>) | null {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  try {
    install(place);
    const tar = execFileSync('tar', ['-c', '-f', '-', '-C', place, '.'], { maxBuffer: 1024 ** 3 });
    return () => Promise.resolve(Readable.from([tar]));
  } catch {
    process.stdout.write(`skipped: ${name}: its packages cannot be installed here\n`);
    return null;
  }
}

async function step(
  run: string,
  base: BaseFiles,
  profiles: readonly Profile[],
  layers: ReadonlyArray<() => Promise<Readable>> = [],
): Promise<StepResult> {
  const result = await sandbox.run(jobOf([run], { base, profiles, layers, limits: { ...DEFAULT_LIMITS, wallClockMs: 240_000 } }));
  const [one] = result.steps;
  if (one === undefined) throw new Error('no step ran');
  return one;
}

/** Listens on loopback and on a unix socket, starts children, and writes beside its sources: what test suites do. */
const BODY = `
  const net = require('node:net'); const { execFileSync } = require('node:child_process'); const fs = require('node:fs');
  for (const where of [{ port: 0, host: '127.0.0.1' }, { path: '/tmp/it.sock' }]) {
    const server = net.createServer((socket) => socket.end('hi')); await new Promise((next) => server.listen(where, next));
    await new Promise((next, fail) => { const client = net.connect(where.path ? where : { port: server.address().port, host: '127.0.0.1' }); client.on('error', fail); client.on('data', () => undefined); client.on('end', next); });
    await new Promise((next) => server.close(next));
  }
  for (let i = 0; i < 30; i += 1) execFileSync('true');
  fs.writeFileSync(__dirname + '/written-beside', 'x');`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>it</artifactId><version>1</version>
<properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.13.2</version><scope>test</scope></dependency></dependencies></project>`;
const JAVA = (body: string): string =>
  `import org.junit.Test;\npublic class ItTest {\n  @Test public void it() throws Exception {\n    new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress()).close();\n    ${body}\n  }\n}\n`;

describe('the runners of JavaScript in the local sandbox', { timeout: 300_000 }, () => {
  it('node --test passes and fails as it should', async () => {
    const good = `const { test } = require('node:test'); test('it', async () => {${BODY}});`;
    expect(await step('node --test', { 'a.test.js': good }, ['node'])).toMatchObject({ exitCode: 0 });
    expect(
      (await step('node --test', { 'a.test.js': good.replace('async () => {', "async () => { throw new Error('no');") }, ['node']))
        .exitCode,
    ).toBe(1);
  });

  const npm = layer('vitest-jest-mocha', (place) => {
    const workspace = join(place, 'workspace');
    mkdirSync(workspace);
    writeFileSync(join(workspace, 'package.json'), '{"name":"x","version":"1.0.0"}');
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', 'vitest@3.2.4', 'jest@30.2.0', 'mocha@11.7.4'], {
      cwd: workspace,
      stdio: 'ignore',
      timeout: 240_000,
    });
  });
  it.skipIf(npm === null).each([
    [
      'vitest',
      'node node_modules/vitest/vitest.mjs run',
      'a.test.js',
      `import { it } from 'vitest'; import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname; it('it', async () => {${BODY}});`,
    ],
    ['jest', 'node node_modules/jest/bin/jest.js', 'a.test.js', `it('it', async () => {${BODY}});`],
    ['mocha', 'node node_modules/mocha/bin/mocha.js a.spec.js', 'a.spec.js', `it('it', async () => {${BODY}});`],
  ])('%s', async (_name, run, file, content) => {
    const layers = npm === null ? [] : [npm];
    const good = await step(run, { [file]: content }, ['node'], layers);
    expect(good.exitCode, good.output).toBe(0);
    const bad = await step(run, { [file]: content.replace('async () => {', "async () => { throw new Error('no');") }, ['node'], layers);
    expect(bad.exitCode, bad.output).toBe(1);
  });
});

describe('the runners of Python in the local sandbox', { timeout: 300_000 }, () => {
  const content = (body: string): string =>
    `import multiprocessing, socket, unittest\ndef child(): pass\nclass It(unittest.TestCase):\n    def test_it(self):\n        s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n        p = multiprocessing.Process(target=child); p.start(); p.join(); self.assertEqual(p.exitcode, 0)\n        open('written-beside', 'w').write('x')\n        ${body}\n`;
  it('unittest', async () => {
    expect((await step('python3 -m unittest', { 'test_it.py': content('pass') }, ['python'])).exitCode).toBe(0);
    expect((await step('python3 -m unittest', { 'test_it.py': content('self.fail()') }, ['python'])).exitCode).toBe(1);
  });

  const pytest = layer('pytest', (place) => {
    const version = execFileSync('python3', ['-c', 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")'], {
      encoding: 'utf8',
    }).trim();
    const target = join(place, 'deps/python/lib', `python${version}`, 'site-packages');
    execFileSync('python3', ['-m', 'pip', 'install', '--quiet', '--target', target, 'pytest==9.0.1'], {
      stdio: 'ignore',
      timeout: 240_000,
    });
  });
  it.skipIf(pytest === null)('pytest', async () => {
    const layers = pytest === null ? [] : [pytest];
    const good = await step('python3 -m pytest -q', { 'test_it.py': content('pass') }, ['python'], layers);
    expect(good.exitCode, good.output).toBe(0);
    expect((await step('python3 -m pytest -q', { 'test_it.py': content('self.fail()') }, ['python'], layers)).exitCode).toBe(1);
  });
});

describe('the runners of compiled languages in the local sandbox', { timeout: 300_000 }, () => {
  it.skipIf(!has('go', 'version'))('go test', async () => {
    const base = (body: string): BaseFiles => ({
      'go.mod': 'module example.com/it\n\ngo 1.18\n',
      'it_test.go': `package it\n\nimport (\n\t"net"\n\t"os"\n\t"testing"\n)\n\nfunc TestIt(t *testing.T) {\n\tl, err := net.Listen("tcp", "127.0.0.1:0")\n\tif err != nil {\n\t\tt.Fatal(err)\n\t}\n\tl.Close()\n\tos.WriteFile("written-beside", nil, 0o644)\n\t${body}\n}\n`,
    });
    // In one job: whatever it needs of the standard library is compiled but once.
    const commands = ['go test ./...', `sed -i 's/var _ = t/t.Fatal("no")/' it_test.go && go test ./...`];
    const limits = { ...DEFAULT_LIMITS, wallClockMs: 240_000 };
    const { steps } = await sandbox.run(jobOf(commands, { base: base('var _ = t'), profiles: ['go'], limits }));
    expect(
      steps.map(({ exitCode }) => exitCode),
      steps.map(({ output }) => output).join(),
    ).toEqual([0, 1]);
  });

  it.skipIf(!has('cargo', '--version'))('cargo test', async () => {
    const base = (body: string): BaseFiles => ({
      'Cargo.toml': '[package]\nname = "it"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/lib.rs': `#[test]\nfn it() {\n    std::net::TcpListener::bind("127.0.0.1:0").unwrap();\n    std::fs::write("written-beside", "x").unwrap();\n    ${body}\n}\n`,
    });
    const good = await step('cargo test', base(''), ['rust']);
    expect(good.exitCode, good.output).toBe(0);
    expect((await step('cargo test', base('panic!("no");'), ['rust'])).exitCode).toBe(101);
  });

  const maven = has('mvn', '--version')
    ? layer('maven', (place) => {
        const project = join(folder, 'maven-project');
        mkdirSync(join(project, 'src/test/java'), { recursive: true });
        writeFileSync(join(project, 'pom.xml'), POM);
        writeFileSync(join(project, 'src/test/java/ItTest.java'), JAVA(''));
        execFileSync('mvn', ['--quiet', '--batch-mode', `-Dmaven.repo.local=${join(place, 'deps/m2')}`, 'test'], {
          cwd: project,
          stdio: 'ignore',
          timeout: 280_000,
        });
      })
    : null;
  it.skipIf(maven === null)('maven', async () => {
    const layers = maven === null ? [] : [maven];
    const base = (body: string): BaseFiles => ({ 'pom.xml': POM, 'src/test/java/ItTest.java': JAVA(body) });
    const good = await step('mvn --offline --batch-mode test', base(''), ['java'], layers);
    expect(good.exitCode, good.output).toBe(0);
    expect((await step('mvn --offline --batch-mode test', base('org.junit.Assert.fail();'), ['java'], layers)).exitCode).toBe(1);
  });
});
