import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What attacks are after: canaries of the service and of its machine. Their names and places are told to the attack, as if it had guessed them. */
export interface Prey {
  readonly canary: string;
  /** A folder that everybody may read and write. */
  readonly folder: string;
  readonly tcpPort: number;
  readonly abstractSocket: string;
  readonly pathSocket: string;
  /** An address of this machine that is not loopback, where it has one. */
  readonly address: string;
  /** Something outside that answers whom the network lets through, where there is such a thing: what a policy drops, nobody inside hears of. */
  readonly answers?: Outside | undefined;
  /** Text in the command line of a process of the service. */
  readonly marker: string;
  isMarkerAlive(): boolean;
  close(): Promise<void>;
}

/** A place that answers. */
export interface Outside {
  readonly host: string;
  readonly port: number;
}

/** Host processes whose command line holds a text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text) && pid !== process.pid;
      } catch {
        return false;
      }
    });
}

/** Ends processes; those that are gone already are what was wanted. */
export function endProcesses(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** Lays out the canaries. The one in the session keyring is put there by who started this process. */
export async function openPrey(canary: string, answers?: Outside): Promise<Prey> {
  const folder = mkdtempSync(join(tmpdir(), 'suture-prey-'));
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, 'secret'), canary, { mode: 0o644 });
  mkdirSync(join(folder, 'sub'));
  process.env['SUTURE_CANARY'] = canary;
  const servers: Server[] = [];
  const listen = async (where: { readonly port: number; readonly host: string } | { readonly path: string }): Promise<Server> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(canary);
    }).listen(where);
    await once(server, 'listening');
    servers.push(server);
    return server;
  };
  const tcp = await listen({ port: 0, host: '127.0.0.1' });
  const abstractSocket = `suture-${randomBytes(6).toString('hex')}`;
  await listen({ path: `\0${abstractSocket}` });
  const pathSocket = join(folder, 'service.sock');
  await listen({ path: pathSocket });
  chmodSync(pathSocket, 0o777);
  const marker = `suture-prey-${randomBytes(6).toString('hex')}`;
  const sleeper = spawn('python3', ['-c', 'import time; time.sleep(600)', marker], { stdio: 'ignore' });
  const address = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  return {
    canary,
    folder,
    tcpPort: (tcp.address() as AddressInfo).port,
    abstractSocket,
    pathSocket,
    address: address ?? '127.0.0.1',
    answers,
    marker,
    isMarkerAlive: () => sleeper.exitCode === null && sleeper.signalCode === null,
    async close() {
      sleeper.kill('SIGKILL');
      endProcesses(processesWith(marker));
      for (const server of servers) {
        server.close();
        await once(server, 'close');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
