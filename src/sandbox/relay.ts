/**
 * The relay inside a sandbox that may reach endpoints: fixed text for `node -e`, with the listeners as JSON in its first argument,
 * `[[address, port], ...]`. It listens on loopback and carries every connection over its standard input and output, so a sandbox with
 * endpoints has no more network than one without: what may be reached is decided outside, by number.
 *
 * Frames in both directions: one byte for the kind, four for the connection, four for the length, big endian, then the payload.
 * Kinds: 0 ready, 1 open (payload: one byte, the number of the listener), 2 data, 3 end, 4 reset, 5 credit (payload: four bytes).
 * Each side sends at most `WINDOW` bytes of a connection that the other has not given credit for, so one that nobody reads stops nobody else.
 */
export const RELAY = `'use strict';
const net = require('node:net');
const WINDOW = 262144;
const PART = 65536;
const listeners = JSON.parse(process.argv[1]);
const open = new Map();
let last = 0;
const send = (kind, id, payload) => {
  const head = Buffer.alloc(9);
  head[0] = kind;
  head.writeUInt32BE(id, 1);
  head.writeUInt32BE(payload === undefined ? 0 : payload.length, 5);
  process.stdout.write(payload === undefined ? head : Buffer.concat([head, payload]));
};
const serve = (number) => (socket) => {
  last += 1;
  const id = last;
  const one = { socket, left: WINDOW, ended: false };
  open.set(id, one);
  send(1, id, Buffer.from([number]));
  socket.on('data', (bytes) => {
    for (let at = 0; at < bytes.length; at += PART) send(2, id, bytes.subarray(at, at + PART));
    one.left -= bytes.length;
    if (one.left <= 0) socket.pause();
  });
  socket.on('end', () => { one.ended = true; send(3, id); });
  socket.on('error', () => undefined);
  socket.on('close', () => { if (open.delete(id)) send(4, id); });
};
const take = (kind, id, payload) => {
  const one = open.get(id);
  if (one === undefined) return;
  if (kind === 2) one.socket.write(payload, () => {
    if (!open.has(id)) return;
    const credit = Buffer.alloc(4);
    credit.writeUInt32BE(payload.length, 0);
    send(5, id, credit);
  });
  if (kind === 3) one.socket.end();
  if (kind === 4) { open.delete(id); one.socket.destroy(); }
  if (kind === 5) {
    one.left += payload.readUInt32BE(0);
    if (one.left > 0) one.socket.resume();
  }
};
let rest = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  while (rest.length >= 9) {
    const length = rest.readUInt32BE(5);
    if (rest.length < 9 + length) return;
    take(rest[0], rest.readUInt32BE(1), Buffer.from(rest.subarray(9, 9 + length)));
    rest = rest.subarray(9 + length);
  }
});
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(1));
process.stdout.on('error', () => process.exit(1));
let waiting = listeners.length;
listeners.forEach(([address, port], number) => {
  const server = net.createServer({ allowHalfOpen: true }, serve(number));
  server.on('error', () => process.exit(1));
  server.listen(port, address, () => { waiting -= 1; if (waiting === 0) send(0, 0); });
});
`;

/** Bytes of one connection that may be under way without credit. */
export const WINDOW_BYTES = 262_144;
/** Largest payload of one frame. */
export const FRAME_BYTES = 65_536;
