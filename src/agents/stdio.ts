import type { McpServer } from '@modelcontextprotocol/server';
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio';

/** Serves one connection over standard input and output, which belong to the protocol from then on. Resolves when whoever started this process hangs up. */
export function serveOnStdio(
  server: () => McpServer,
  onError: (error: Error) => void,
): { readonly ended: Promise<void>; close(): Promise<void> } {
  const handle: StdioServerHandle = serveStdio(server, { onerror: onError });
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
  return { ended, close: () => handle.close() };
}
