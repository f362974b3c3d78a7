import { PassThrough, Writable } from 'node:stream';
import type { V1Status } from '@kubernetes/client-node';
import type { BoxProgram, Execution } from '../box.ts';
import type { SandboxLimits } from '../contract.ts';
import type { ClusterApi } from './api.ts';
import { CONTAINER } from './objects.ts';

/**
 * Started in the container instead of the program itself: reads its words line by line from standard input, `r <word>`, `b <word in base64>` or
 * `p <folders for PATH, after those that the image itself names>`, then runs them. Commands and environment would otherwise stand in the address of the request, which clusters write into their own logs.
 */
const PRELUDE = `set --
while IFS=' ' read -r kind value; do
  case $kind in
  go) break ;;
  r) set -- "$@" "$value" ;;
  p) set -- "$@" "PATH=$PATH:$value" ;;
  b) value=$(printf %s "$value" | base64 -d; echo x); set -- "$@" "\${value%x}" ;;
  *) exit 97 ;;
  esac
done
exec env -i "$@"`;

/**
 * Around a step: its output goes through a pipe of our own, so that a process which it leaves behind cannot hold the request open.
 * The arguments are its words.
 */
const APART = `pipe=$(mktemp -d /tmp/.step.XXXXXX) || exit 98
mkfifo "$pipe/out" || exit 98
cat "$pipe/out" &
copy=$!
"$@" >"$pipe/out" 2>&1 </dev/null
code=$?
tries=0
while kill -0 $copy 2>/dev/null && [ $tries -lt 20 ]; do sleep 0.02; tries=$((tries + 1)); done
kill $copy 2>/dev/null
rm -rf "$pipe"
exit $code`;

/** For programs of ours that are given none. */
const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin';

/** Bytes that may wait on their way in either direction. */
const WAITING_BYTES = 4 * 1024 ** 2;

/** The socket of a request, as far as it is used. */
interface Socket {
  readonly bufferedAmount: number;
  pause?(): void;
  resume?(): void;
  close(): void;
  addEventListener(event: 'close' | 'error', listener: () => void): void;
}

function wordLines(path: string, words: readonly string[]): string {
  const plain = (word: string): boolean => word !== '' && !/[\r\n\0]/.test(word) && word.trim() === word;
  const lines = words.map((word) => (plain(word) ? `r ${word}` : `b ${Buffer.from(word).toString('base64')}`));
  return `p ${path}\n${lines.join('\n')}\ngo\n`;
}

/** The words of a program with its environment, PATH apart, and limits. */
function wordsOf({ text, args, env, limited }: BoxProgram, limits: SandboxLimits): string[] {
  const program = ['/bin/sh', '-c', text, 'suture', ...args];
  const held = ['prlimit', '--core=0', `--nproc=${limits.processes}`, `--fsize=${limits.fileBytes}`, '--nofile=4096', ...program];
  return [
    ...Object.entries(env).flatMap(([name, value]) => (name === 'PATH' ? [] : [`${name}=${value}`])),
    ...(limited ? ['/bin/sh', '-c', APART, 'apart', ...held] : program),
  ];
}

function exitCodeOf(status: V1Status): number | null {
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined ? null : Number(code);
}

/** Starts a program in the container of a pod. Throws errors of the API. */
export async function executeInPod(
  { exec }: ClusterApi,
  place: { readonly namespace: string; readonly pod: string; readonly limits: SandboxLimits },
  program: BoxProgram,
  take: (from: 'out' | 'error', bytes: Buffer) => void | Promise<void>,
): Promise<Execution> {
  let socket: Socket | null = null;
  let waiting = 0;
  const sink = (from: 'out' | 'error'): Writable =>
    new Writable({
      highWaterMark: WAITING_BYTES,
      write(chunk: Buffer, _encoding, done) {
        waiting += chunk.length;
        if (waiting > WAITING_BYTES) socket?.pause?.();
        const hand = async (): Promise<void> => {
          try {
            await take(from, chunk);
            waiting -= chunk.length;
            if (waiting < WAITING_BYTES / 2) socket?.resume?.();
          } finally {
            done();
          }
        };
        hand().catch(() => undefined);
      },
    });
  const out = sink('out');
  const error = sink('error');
  const stdin = new PassThrough();
  let settle: (code: number | null) => void = () => undefined;
  const exited = new Promise<number | null>((resolve) => {
    settle = resolve;
  });
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const command = ['/bin/sh', '-c', PRELUDE];
  socket = (await exec.exec(place.namespace, place.pod, CONTAINER, command, out, error, stdin, false, (status) =>
    settle(exitCodeOf(status)),
  )) as unknown as Socket;
  socket.addEventListener('error', () => close());
  socket.addEventListener('close', () => close());
  void closed.then(() => settle(null));
  const drained = Promise.race([exited, closed]).then(async () => {
    // What was taken off the wire is handed on before anybody is told that all is there.
    await Promise.all([out, error].map((stream) => new Promise<void>((resolve) => stream.end(() => resolve()))));
  });
  stdin.write(wordLines(program.env['PATH'] ?? SEARCH_PATH, wordsOf(program, place.limits)));
  if (!program.stdin) stdin.end();
  const connection = socket;
  const input = new Writable({
    highWaterMark: WAITING_BYTES,
    write(chunk: Buffer, _encoding, done) {
      stdin.write(chunk);
      const look = (): void => {
        if (connection.bufferedAmount + stdin.readableLength < WAITING_BYTES) return done();
        setTimeout(look, 5);
      };
      look();
    },
    final(done) {
      stdin.end();
      done();
    },
    destroy(cause, done) {
      stdin.end();
      done(cause);
    },
  });
  input.on('error', () => undefined);
  void closed.then(() => input.destroy());
  return { input, drained, exited: () => exited, close: () => connection.close() };
}
