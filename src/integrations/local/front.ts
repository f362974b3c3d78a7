import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Failure } from '../../domain/failure.ts';
import { hasCode } from '../../lib/error-code.ts';

/** A stable port whose connections go to whatever is live. */
export interface Front {
  readonly port: number;
  /** Further connections go to this port; those under way stay where they are. */
  pointTo(port: number): void;
  close(): Promise<void>;
}

function join(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE', 'EACCES')) {
      throw new Failure('configuration-invalid', `port ${port} is taken: choose another for the environment, or end what listens there`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** Listen on a port of the loopback address (0 picks one) in front of a live port. */
export async function openFront(wanted: number, live: number): Promise<Front> {
  let target = live;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    join(client, upstream);
    join(upstream, client);
  });
  await listen(server, wanted);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : wanted,
    pointTo(port) {
      target = port;
    },
    async close() {
      server.close();
      for (const socket of open) {
        socket.destroy();
      }
      await once(server, 'close');
    },
  };
}
