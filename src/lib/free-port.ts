import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Where ports are looked for: below Linux's ephemeral range (32768 to 60999, ip_local_port_range), so that no outgoing connection of anybody
 * takes the port between our look and the listener's bind.
 */
const FIRST = 20_000;
const LAST = 32_000;
const TRIES = 200;

/** Whether something listens on a loopback port already. */
export async function portTaken(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(true));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
  });
}

/** A TCP port on loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const port = randomInt(FIRST, LAST);
    if (!(await portTaken(port))) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST} was found in ${TRIES} tries`);
}
