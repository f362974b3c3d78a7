import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Profile } from '../contract.ts';
import { findExecutable } from './find-tools.ts';
import { TOOLCHAINS, type Toolchain } from './toolchains.ts';

const run = promisify(execFile);
const ASK_MS = 10_000;

const inUsr = (path: string): boolean => path === '/usr' || path.startsWith('/usr/');

/** A folder below /usr: only PATH needs to know it. */
const inSystem = (path: string): Toolchain => ({ source: null, target: path, isFile: false, path });

/** Files of the system that a toolchain reads and that hold nobody's settings. */
function systemFiles(paths: readonly string[]): Toolchain[] {
  return paths.filter((path) => existsSync(path)).map((path) => ({ source: path, target: path, isFile: true, path: null }));
}

/** The Node that runs us. Only a folder that looks like a Node installation is mounted whole: `~/bin/node` must not bring the home along. */
export function nodeToolchain(executable: string): Toolchain {
  const real = realpathSync(executable);
  if (inUsr(real)) return inSystem(dirname(real));
  const prefix = dirname(dirname(real));
  const target = `${TOOLCHAINS}/node`;
  if (basename(dirname(real)) === 'bin' && existsSync(join(prefix, 'include/node')) && existsSync(join(prefix, 'lib/node_modules')))
    return { source: prefix, target, isFile: false, path: `${target}/bin` };
  return { source: real, target: `${target}/bin/node`, isFile: true, path: `${target}/bin` };
}

/** Home folder that a shim below `<home>/.pyenv` or the like belongs to. */
function homeOf(shim: string): string {
  const parts = shim.split('/');
  const hidden = parts.findIndex((part) => part.startsWith('.'));
  return hidden > 1 ? parts.slice(0, hidden).join('/') : '/nonexistent';
}

/**
 * What a program of the host says of itself, as a folder: null when there is no such program, or it names none. A shim may need HOME
 * to find its settings; this is the host's own program, not the job's.
 */
async function askFolder(program: string, args: readonly string[], searchPath: string): Promise<string | null> {
  const executable = findExecutable(program, searchPath);
  if (executable === null) return null;
  const env = { PATH: searchPath, HOME: homeOf(executable) };
  const asked = await run(executable, [...args], { env, cwd: '/', timeout: ASK_MS }).catch(() => null);
  const said = asked?.stdout.trim() ?? '';
  return isAbsolute(said) && existsSync(said) && said !== '/' ? realpathSync(said) : null;
}

/** An installation in a folder of its own: everything in it is the toolchain's, so it may be shown. */
function installation(name: Profile, folder: string | null, holds: readonly string[]): readonly Toolchain[] {
  if (folder === null) return [];
  if (inUsr(folder)) return [inSystem(join(folder, 'bin'))];
  const whole = holds.every((path) => existsSync(join(folder, path))) && !existsSync(join(folder, '.ssh'));
  const target = `${TOOLCHAINS}/${name}`;
  return whole ? [{ source: folder, target, isFile: false, path: `${target}/bin` }] : [];
}

async function python(searchPath: string): Promise<readonly Toolchain[]> {
  const executable = findExecutable('python3', searchPath);
  if (executable === null || inUsr(realpathSync(executable))) return [];
  const prefix = await askFolder('python3', ['-I', '-c', 'import sys; print(sys.base_prefix)'], searchPath);
  const hasLibrary = prefix !== null && readdirSync(join(prefix, 'lib')).some((name) => name.startsWith('python3'));
  return hasLibrary && !inUsr(prefix) ? installation('python', prefix, ['bin/python3']) : [];
}

/** npm, where the Node that runs us came without one: its files say where its installation is. */
function npm(searchPath: string): readonly Toolchain[] {
  const executable = findExecutable('npm', searchPath);
  if (executable === null) return [];
  const prefix = /^(.+)\/lib\/node_modules\/npm\/bin\/[^/]+$/.exec(realpathSync(executable))?.[1];
  if (prefix === undefined || inUsr(prefix) || prefix === dirname(dirname(realpathSync(process.execPath)))) return [];
  const whole = existsSync(join(prefix, 'bin/node')) && existsSync(join(prefix, 'include/node')) && !existsSync(join(prefix, '.ssh'));
  return whole ? [{ source: prefix, target: `${TOOLCHAINS}/npm`, isFile: false, path: `${TOOLCHAINS}/npm/bin` }] : [];
}

/** A JDK is found through the link that its `java` is; Maven through its own. */
function java(searchPath: string): readonly Toolchain[] {
  const javaProgram = findExecutable('java', searchPath);
  if (javaProgram === null) return [];
  const maven = findExecutable('mvn', searchPath);
  const home = dirname(dirname(realpathSync(javaProgram)));
  const mavenHome = maven === null ? null : dirname(dirname(realpathSync(maven)));
  const settings = readdirSync('/etc')
    .filter((name) => /^java-[0-9]+-openjdk$/.test(name))
    .map((name) => join('/etc', name));
  return [
    ...installation('java', home, ['bin/java', 'lib']),
    ...(mavenHome === null || inUsr(mavenHome)
      ? []
      : [{ source: mavenHome, target: `${TOOLCHAINS}/maven`, isFile: false, path: `${TOOLCHAINS}/maven/bin` }]),
    ...settings.map((source): Toolchain => ({ source, target: source, isFile: false, path: null })),
    // Not `settings.xml`, where an administrator may keep passwords.
    ...systemFiles(['/etc/maven/m2.conf', '/etc/maven/logging/simplelogger.properties']),
  ];
}

/** The program that shows that a toolchain starts inside. */
export const PROGRAMS: Readonly<Record<Profile, string>> = {
  node: 'node --version',
  python: 'python3 --version',
  go: 'go version',
  java: 'java -version',
  rust: 'rustc --version',
  ruby: 'ruby --version',
  plain: 'true',
};

/** Toolchains of this machine for one profile; empty where those of /usr are all there is. */
export async function findToolchains(profile: Profile, searchPath: string): Promise<readonly Toolchain[]> {
  switch (profile) {
    case 'node':
      return [nodeToolchain(process.execPath), ...npm(searchPath)];
    case 'python':
      return python(searchPath);
    case 'go':
      return installation('go', await askFolder('go', ['env', 'GOROOT'], searchPath), ['bin/go', 'src']);
    case 'java':
      return java(searchPath);
    case 'rust':
      return installation('rust', await askFolder('rustc', ['--print', 'sysroot'], searchPath), ['bin/rustc', 'lib/rustlib']);
    case 'ruby':
      return installation('ruby', await askFolder('ruby', ['-e', "puts RbConfig::CONFIG['prefix']"], searchPath), ['bin/ruby', 'lib/ruby']);
    case 'plain':
      return [];
  }
}
