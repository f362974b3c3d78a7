import type { ServerResponse } from 'node:http';

/** What goes wrong. `truncated-json`: the request takes effect, half an answer comes back; `after-effect`: the request takes effect, then the connection dies; `after-effect-hang`: nothing ever comes back. */
export const FAULT_KINDS = [
  'forbidden',
  'rate-limited',
  'server-error',
  'unavailable',
  'reset',
  'hang',
  'truncated-json',
  'after-effect',
  'after-effect-hang',
] as const;
/** One of them. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Plays a fault; false when the request is to be served first. */
export function play(kind: FaultKind, response: ServerResponse): boolean {
  switch (kind) {
    case 'forbidden':
      response.writeHead(403, { 'content-type': 'application/json' }).end('{"errors":["Forbidden"]}');
      return true;
    case 'rate-limited':
      response.writeHead(429, { 'content-type': 'application/json', 'x-ratelimit-reset': '7' }).end('{"errors":["Rate limited"]}');
      return true;
    case 'server-error':
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"errors":["Internal"]}');
      return true;
    case 'unavailable':
      response.writeHead(503, { 'content-type': 'text/html' }).end('<html>');
      return true;
    case 'reset':
      response.destroy();
      return true;
    case 'hang':
      return true;
    default:
      return false;
  }
}
