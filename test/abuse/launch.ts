import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AbuseResult } from './run.ts';

/** Puts a canary into a session keyring of its own, then becomes the program: a service whose keyring holds something. */
const WITH_KEY = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
arm = os.uname().machine == 'aarch64'
libc.syscall(219 if arm else 250, 1, 0)
value = os.environ['SUTURE_ABUSE_CANARY'].encode()
key = libc.syscall(217 if arm else 248, b'user', b'suture-canary', value, len(value), ctypes.c_long(-3))
if key > 0: libc.syscall(219 if arm else 250, 5, key, 0x3f3f3f3f)
os.execv(sys.argv[1], sys.argv[1:])
`;

/** Shows the checkout and Node at a place that everybody may look into, then goes on as an ordinary user. Arguments: uid, checkout, Node, folder for results, then the words of the program. */
const AS_USER = `
set -e
uid=$1 checkout=$2 node=$3 out=$4
shift 4
mount -t tmpfs -o mode=0755 tmpfs /mnt
mkdir /mnt/checkout
mount --bind "$checkout" /mnt/checkout
: > /mnt/node
mount --bind "$node" /mnt/node
cd /mnt/checkout
exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --bounding-set=-all -- env HOME="$out" "$@"
`;

/** An ordinary user that owns nothing. */
const UID = 64_123;

/** Runs all attacks in a process of their own, as who we are or as an ordinary user (which takes root). */
export async function runAbuse(
  target: string,
  options: { readonly settings?: object; readonly asUser?: boolean } = {},
): Promise<AbuseResult> {
  const folder = mkdtempSync(join(tmpdir(), 'suture-abuse-out-'));
  const settingsFile = join(folder, 'settings.json');
  const resultFile = join(folder, 'result.json');
  writeFileSync(settingsFile, JSON.stringify(options.settings ?? {}));
  chmodSync(folder, 0o777);
  const env = { PATH: process.env['PATH'], HOME: folder, SUTURE_ABUSE_CANARY: `canary-${randomBytes(12).toString('hex')}` };
  const checkout = join(import.meta.dirname, '../..');
  const words = (node: string): string[] => [
    '/usr/bin/python3',
    '-c',
    WITH_KEY,
    node,
    'test/abuse/run.ts',
    target,
    settingsFile,
    resultFile,
  ];
  const [file = '', ...args] = options.asUser
    ? [
        '/usr/bin/unshare',
        '--mount',
        '--propagation',
        'private',
        '--',
        '/bin/sh',
        '-c',
        AS_USER,
        'as-user',
        String(UID),
        checkout,
        process.execPath,
        folder,
        ...words('/mnt/node'),
      ]
    : words(process.execPath);
  try {
    const said = await new Promise<string>((resolve) => {
      execFile(file, args, { cwd: checkout, env, timeout: 900_000, maxBuffer: 16 * 1024 ** 2 }, (error, _out, errors) =>
        resolve(error === null ? '' : `${error.message.slice(0, 200)}\n${errors.slice(-2000)}`),
      );
    });
    if (!existsSync(resultFile)) throw new Error(`the attacks on ${target} did not run: ${said}`);
    return JSON.parse(readFileSync(resultFile, 'utf8')) as AbuseResult;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
